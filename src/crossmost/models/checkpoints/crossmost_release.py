"""Checkpoints of the released Cross-MoST (Dharmasiri et al., 2024): its pre-training and its self-training.

The first holds all three towers; the second has a classifier in place of the text tower, and a teacher (``model_ema``)
beside the student (``model``).
"""

from typing import Any

from crossmost.models.backbones import build_image_tower, build_text_tower
from crossmost.models.checkpoints.clip_architecture import openai_name, text_architecture, vision_architecture
from crossmost.models.checkpoints.content import (
    CheckpointContent,
    CheckpointDescription,
    ImageTextDescription,
    scale_factor,
)
from crossmost.models.checkpoints.file import CheckpointFile
from crossmost.models.checkpoints.ledger import KeyLedger, UnusedKeys, shapes_of
from crossmost.models.checkpoints.point_bert import PREFIX, point_bert_config, take_point_bert
from crossmost.models.image_tower import FRESH_IMAGE_PARTS

TITLE = "Cross-MoST, Point-BERT in OpenAI CLIP's space"
_ENTRIES = ("model_ema", "model", "state_dict", "")


def matches(file: CheckpointFile) -> bool:
    """A point tower beside an image tower with OpenAI's names."""
    keys = file.state(*_ENTRIES)
    return any(key.startswith(PREFIX) for key in keys) and any(
        key.startswith(("visual.transformer.", "visual.class_embedding", "visual.conv1.")) for key in keys
    )


def read(file: CheckpointFile) -> CheckpointContent:
    """Towers, projections, and the text tower or the classifier; of two models in a file, the teacher.

    Raises:
        CrossmostError: if keys are missing, of the wrong shape or unknown.
    """
    ledger = KeyLedger(file.state(*_ENTRIES), TITLE, file.path)
    embed_dim = ledger.shape("image_projection")[1]
    config = point_bert_config(ledger, n_groups=64, group_size=32, up_axis="y")
    architecture = vision_architecture(ledger, embed_dim)
    has_classifier = "classifier" in ledger.keys()  # noqa: SIM118 - a ledger is no dictionary
    if not has_classifier:
        architecture |= {"text_cfg": text_architecture(ledger)}
    name = openai_name(architecture) or "ViT"
    n_classes = ledger.shape("classifier")[1] if has_classifier else None
    point = take_point_bert(ledger, config)
    point_projection = ledger.take("pc_projection", (2 * config.width, embed_dim))
    token_projection = ledger.take(f"{PREFIX}proj", (config.width, embed_dim))
    image = ledger.take_tower(shapes_of(lambda: build_image_tower(architecture)), _published_image_name)
    text = {} if has_classifier else _take_text(ledger, architecture)
    classifier = ledger.take("classifier", (embed_dim, n_classes or 0)) if has_classifier else None
    logit_scale = ledger.take("logit_scale", ())
    unused = ledger.close()
    if "model_ema" in file.states and "model" in file.states:
        student = file.states["model"]
        unused += (UnusedKeys(next(iter(student)), len(student), "`model` is the student; its teacher is used"),)
    return CheckpointContent(
        description=CheckpointDescription(
            family=TITLE,
            space=f"adapted-by-cross-most/{name}" if has_classifier else f"openai/{name}",
            embed_dim=embed_dim,
            point_tower=config,
            expected_points=8192,
            image_text=ImageTextDescription(backbone=f"{name}-quickgelu", architecture=architecture),
            logit_scale=scale_factor(logit_scale),
            n_classes=n_classes,
            unused=unused,
            notes=("the classifier's class names are not in the file",) if has_classifier else (),
        ),
        image=image,
        text=text,
        point=point,
        point_projection=point_projection,
        point_token_projection=token_projection,
        logit_scale=logit_scale,
        classifier=classifier,
    )


def _published_image_name(key: str) -> str:
    if key == "visual.proj":
        return "image_projection"
    return f"visual.{key}" if key.startswith(FRESH_IMAGE_PARTS) else key


def _take_text(ledger: KeyLedger, architecture: dict[str, Any]) -> dict[str, Any]:
    return ledger.take_tower(shapes_of(lambda: build_text_tower(architecture)), lambda key: key)
