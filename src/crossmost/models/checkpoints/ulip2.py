"""ULIP-2 (Xue et al., CVPR 2024) with a Point-BERT tower aligned to open_clip's ViT-bigG-14."""

from crossmost.errors import CrossmostError
from crossmost.models.checkpoints.content import CheckpointContent, CheckpointDescription, scale_factor
from crossmost.models.checkpoints.file import CheckpointFile
from crossmost.models.checkpoints.ledger import KeyLedger
from crossmost.models.checkpoints.point_bert import PREFIX, point_bert_config, take_point_bert

TITLE = "ULIP-2 (1280-d), Point-BERT in ViT-bigG-14's space"
SPACE = "laion2b_s39b_b160k/ViT-bigG-14"
EMBED_DIM = 1280


def matches(file: CheckpointFile) -> bool:
    """A point tower without an image tower of its own."""
    keys = file.state("state_dict", "")
    return (
        any(key.startswith(PREFIX) for key in keys)
        and "pc_projection" in keys
        and not any(key.startswith("visual.") for key in keys)
    )


def read(file: CheckpointFile) -> CheckpointContent:
    """The point tower.

    Raises:
        CrossmostError: if keys are missing, of the wrong shape or unknown, or the space is not that of ViT-bigG-14.
    """
    ledger = KeyLedger(file.state("state_dict", ""), TITLE, file.path)
    found = ledger.shape("pc_projection")[-1]
    if found != EMBED_DIM:
        raise CrossmostError(
            f"{file.path} has a point tower alone, aligned to a space of {found} dimensions; known is that of "
            f"ViT-bigG-14 with {EMBED_DIM}. Checkpoints in SLIP's space must hold SLIP's towers too"
        )
    config = point_bert_config(ledger, n_groups=512, group_size=32, up_axis="y")
    point = take_point_bert(ledger, config)
    point_projection = ledger.take("pc_projection", (2 * config.width, EMBED_DIM))
    logit_scale = ledger.take("logit_scale", ())
    ledger.leave(("open_clip_model.",), "the frozen ViT-bigG-14, which is taken by its own tag instead")
    return CheckpointContent(
        description=CheckpointDescription(
            family=TITLE,
            space=SPACE,
            embed_dim=EMBED_DIM,
            point_tower=config,
            expected_points=10_000,
            logit_scale=scale_factor(logit_scale),
            unused=ledger.close(),
            notes=("up axis and grouping: not in the file; if accuracy is low, see the up-axis warning of the run",),
        ),
        point=point,
        point_projection=point_projection,
        logit_scale=logit_scale,
    )
