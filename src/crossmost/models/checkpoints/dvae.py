"""Point-BERT's discrete VAE (Yu et al., CVPR 2022): only its mini-PointNet, as an initialization."""

from crossmost.models.checkpoints.content import CheckpointContent, CheckpointDescription
from crossmost.models.checkpoints.file import CheckpointFile
from crossmost.models.checkpoints.ledger import KeyLedger, shapes_of
from crossmost.models.point_tower import MiniPointNet

TITLE = "Point-BERT dVAE (initialization of the mini-PointNet only)"
_OTHER_PARTS = ("codebook", "dgcnn_1.", "dgcnn_2.", "decoder.")


def matches(file: CheckpointFile) -> bool:
    """A code book and its graph networks."""
    keys = file.state("base_model")
    return any(key.startswith(_OTHER_PARTS) for key in keys)


def read(file: CheckpointFile) -> CheckpointContent:
    """The mini-PointNet, under the names of a point tower (``encoder.*``).

    Raises:
        CrossmostError: if keys are missing, of the wrong shape or unknown.
    """
    ledger = KeyLedger(file.state("base_model"), TITLE, file.path)
    first, in_channels, _ = ledger.shape("encoder.first_conv.0.weight")
    middle = ledger.shape("encoder.first_conv.3.weight")[0]
    last, out_dims = (ledger.shape(f"encoder.second_conv.{layer}.weight")[0] for layer in (0, 3))
    shapes = shapes_of(lambda: MiniPointNet(in_channels, (first, middle, last), out_dims))
    encoder = ledger.take_tower(shapes, lambda key: f"encoder.{key}")
    ledger.leave(_OTHER_PARTS, "the rest of the dVAE: code book, tokenizer and decoder")
    return CheckpointContent(
        description=CheckpointDescription(
            family=TITLE, is_initialization=True, expected_points=1024, unused=ledger.close()
        ),
        point={f"encoder.{key}": value for key, value in encoder.items()},
    )
