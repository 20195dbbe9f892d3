"""Point-BERT pre-trained by masked point modeling (Yu et al., CVPR 2022): a whole point tower in no text's space."""

from crossmost.models.checkpoints.content import CheckpointContent, CheckpointDescription
from crossmost.models.checkpoints.file import CheckpointFile
from crossmost.models.checkpoints.ledger import KeyLedger
from crossmost.models.checkpoints.point_bert import point_bert_config, take_point_bert

TITLE = "Point-BERT by masked point modeling (initialization of a point tower)"
PREFIX = "transformer_q."
_HEADS = (f"{PREFIX}lm_head.", f"{PREFIX}cls_head.")
_OTHER_PARTS = ("transformer_k.", "dvae.", "queue")


def matches(file: CheckpointFile) -> bool:
    """The query encoder of momentum contrast."""
    return any(key.startswith(PREFIX) for key in file.state("base_model"))


def read(file: CheckpointFile) -> CheckpointContent:
    """The query encoder, under the names of a point tower.

    Raises:
        CrossmostError: if keys are missing, of the wrong shape or unknown.
    """
    ledger = KeyLedger(file.state("base_model"), TITLE, file.path)
    ledger.leave(_HEADS, "heads for tokens of the dVAE and for contrast")
    config = point_bert_config(ledger, n_groups=64, group_size=32, up_axis="y", prefix=PREFIX)
    point = take_point_bert(ledger, config, prefix=PREFIX)
    ledger.leave(_OTHER_PARTS, "the momentum encoder, its queue, and the dVAE")
    return CheckpointContent(
        description=CheckpointDescription(
            family=TITLE, point_tower=config, is_initialization=True, expected_points=1024, unused=ledger.close()
        ),
        point=point,
    )
