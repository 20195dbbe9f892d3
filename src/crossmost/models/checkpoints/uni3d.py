"""Uni3D (Zhou et al., ICLR 2024): a ViT point tower in the space of EVA02-E-14-plus."""

from crossmost.errors import CrossmostError
from crossmost.models.checkpoints.content import CheckpointContent, CheckpointDescription, scale_factor
from crossmost.models.checkpoints.file import CheckpointFile
from crossmost.models.checkpoints.ledger import KeyLedger, shapes_of
from crossmost.models.checkpoints.openshape import affine
from crossmost.models.point_towers import FRESH_PARTS
from crossmost.models.uni3d_tower import Uni3DConfig, Uni3DTower

TITLE = "Uni3D"
SPACE = "laion2b_s9b_b144k/EVA02-E-14-plus"
EMBED_DIM = 1024
PREFIX = "point_encoder."
TRANSFORMERS = {
    192: "eva02_tiny_patch14_224",
    384: "eva02_small_patch14_224",
    768: "eva02_base_patch14_448",
    1024: "eva02_large_patch14_448",
    1408: "eva_giant_patch14_560",
}
_OF_IMAGES = ("cls_token", "pos_embed", "patch_embed.", "head.", "rope.")


def matches(file: CheckpointFile) -> bool:
    """A bridge from the mini-PointNet to a ViT."""
    keys = file.state("module", "state_dict", "")
    return any(key.startswith((f"{PREFIX}encoder2trans.", f"{PREFIX}trans2embed.")) for key in keys)


def read(file: CheckpointFile) -> CheckpointContent:
    """The point tower.

    Raises:
        CrossmostError: if keys are missing, of the wrong shape or unknown, or the width is of no published model.
    """
    ledger = KeyLedger(file.state("module", "state_dict", ""), TITLE, file.path)
    width, encoder_dims = ledger.shape(f"{PREFIX}encoder2trans.weight")
    if width not in TRANSFORMERS:
        raise CrossmostError(
            f"{file.path} is a Uni3D tower of width {width}; known are {', '.join(map(str, TRANSFORMERS))}"
        )
    first, in_channels, _ = ledger.shape(f"{PREFIX}encoder.first_conv.0.weight")
    middle = ledger.shape(f"{PREFIX}encoder.first_conv.3.weight")[0]
    last = ledger.shape(f"{PREFIX}encoder.second_conv.0.weight")[0]
    config = Uni3DConfig(
        transformer=TRANSFORMERS[width],
        width=width,
        encoder_dims=encoder_dims,
        encoder_hidden=(first, middle, last),
        in_channels=in_channels,
    )
    point = ledger.take_tower(shapes_of(lambda: Uni3DTower(config)), lambda key: PREFIX + key, optional=FRESH_PARTS)
    weight = ledger.take(f"{PREFIX}trans2embed.weight", (EMBED_DIM, width))
    bias = ledger.take(f"{PREFIX}trans2embed.bias", (EMBED_DIM,))
    logit_scale = ledger.take("logit_scale", ())
    ledger.leave(tuple(f"{PREFIX}visual.{part}" for part in _OF_IMAGES), "parts of the ViT that only images need")
    return CheckpointContent(
        description=CheckpointDescription(
            family=TITLE,
            space=SPACE,
            embed_dim=EMBED_DIM,
            point_tower=config,
            expected_points=10_000,
            logit_scale=scale_factor(logit_scale),
            unused=ledger.close(),
        ),
        point=point,
        point_projection=affine(weight, bias),
        logit_scale=logit_scale,
    )
