"""ULIP (Xue et al., CVPR 2023) and the 512-dimensional ULIP-2 with a Point-BERT tower.

Both are aligned to SLIP's ViT-B/16, whose image and text towers lie in the same file; they are not OpenAI's CLIP.
"""

from crossmost.errors import CrossmostError
from crossmost.models.backbones import backbone_config, build_image_tower, build_text_tower
from crossmost.models.checkpoints.content import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    CheckpointContent,
    CheckpointDescription,
    ImageTextDescription,
    scale_factor,
)
from crossmost.models.checkpoints.file import CheckpointFile
from crossmost.models.checkpoints.ledger import KeyLedger, shapes_of
from crossmost.models.checkpoints.point_bert import PREFIX, point_bert_config, take_point_bert
from crossmost.models.image_tower import FRESH_IMAGE_PARTS

TITLE = "ULIP or ULIP-2 (512-d), Point-BERT in SLIP's space"
BACKBONE = "ulip-slip-vit-b-16"
SPACE = "slip/ViT-B-16"
EMBED_DIM = 512


def matches(file: CheckpointFile) -> bool:
    """A point tower beside an image tower with timm's names."""
    keys = file.state("state_dict", "")
    return any(key.startswith("point_encoder.") for key in keys) and any(
        key.startswith(("visual.blocks.", "visual.patch_embed.", "visual.pos_embed")) for key in keys
    )


def read(file: CheckpointFile) -> CheckpointContent:
    """Point, image and text towers.

    Raises:
        CrossmostError: if keys are missing, of the wrong shape or unknown, or the point tower is no Point-BERT.
    """
    ledger = KeyLedger(file.state("state_dict", ""), TITLE, file.path)
    if not ledger.count_layers(f"{PREFIX}blocks.blocks."):
        raise CrossmostError(
            f"{file.path} is a ULIP checkpoint with another point tower than Point-BERT (PointNet++, PointMLP and "
            "PointNeXt are not supported); download the one with PointBERT in its name"
        )
    config = point_bert_config(ledger, n_groups=512, group_size=32, up_axis="y")
    architecture = backbone_config(BACKBONE)
    point = take_point_bert(ledger, config)
    point_projection = ledger.take("pc_projection", (2 * config.width, EMBED_DIM))
    image = ledger.take_tower(
        {
            key: shape
            for key, shape in shapes_of(lambda: build_image_tower(architecture)).items()
            if key.startswith("visual.trunk.")
        },
        lambda key: key.replace("visual.trunk.", "visual."),
        optional=FRESH_IMAGE_PARTS,
    )
    image["visual.head.proj.weight"] = ledger.take("image_projection", (768, EMBED_DIM)).t()
    text = ledger.take_tower(shapes_of(lambda: build_text_tower(architecture)), lambda key: key)
    logit_scale = ledger.take("logit_scale", ())
    return CheckpointContent(
        description=CheckpointDescription(
            family=TITLE,
            space=SPACE,
            embed_dim=EMBED_DIM,
            point_tower=config,
            expected_points=8192,
            image_text=ImageTextDescription(backbone=BACKBONE, image_mean=IMAGENET_MEAN, image_std=IMAGENET_STD),
            logit_scale=scale_factor(logit_scale),
            unused=ledger.close(),
            notes=("up axis: that of ShapeNet, as the training clouds; the file does not say it",),
        ),
        image=image,
        text=text,
        point=point,
        point_projection=point_projection,
        logit_scale=logit_scale,
    )
