"""CLIP weights without a point tower: OpenAI's TorchScript archives and the files of open_clip."""

from typing import Any

from crossmost.errors import CrossmostError
from crossmost.models.backbones import build_image_tower, build_text_tower
from crossmost.models.checkpoints.clip_architecture import openai_name, text_architecture, vision_architecture
from crossmost.models.checkpoints.content import (
    CheckpointContent,
    CheckpointDescription,
    ImageTextDescription,
    scale_factor,
)
from crossmost.models.checkpoints.file import CheckpointFile
from crossmost.models.checkpoints.ledger import KeyLedger, shapes_of
from crossmost.models.image_tower import FRESH_IMAGE_PARTS

TITLE = "CLIP (image and text towers only)"
_CONSTANTS = ("input_resolution", "context_length", "vocab_size")


def matches(file: CheckpointFile) -> bool:
    """Image and text towers, and no point tower."""
    keys = file.state("state_dict", "")
    is_text = any(key.startswith(("token_embedding.", "text.", "transformer.resblocks.")) for key in keys)
    return is_text and any(key.startswith("visual.") for key in keys) and not any("point_encoder." in k for k in keys)


def read(file: CheckpointFile) -> CheckpointContent:
    """The towers, with sizes and activation as in OpenAI's models.

    Raises:
        CrossmostError: if keys are missing, of the wrong shape or unknown, or sizes cannot be read from the shapes.
    """
    ledger = KeyLedger(file.state("state_dict", ""), TITLE, file.path)
    if any(key.startswith(("text.", "visual.trunk.")) for key in ledger.keys()):  # noqa: SIM118
        raise CrossmostError(
            f"{file.path} is an open_clip file whose architecture its weights do not tell; name it: "
            "`backbone: PRETRAINED/ARCHITECTURE` with this file as `backbone_file`"
        )
    if any(key.startswith("visual.layer1.") for key in ledger.keys()):  # noqa: SIM118
        raise CrossmostError(f"{file.path} is a CLIP with a ResNet, whose tokens cannot be masked; choose a ViT")
    embed_dim = ledger.shape("text_projection")[1]
    architecture = vision_architecture(ledger, embed_dim) | {"text_cfg": text_architecture(ledger)}
    name = openai_name(architecture)
    is_openai = name is not None and file.container == "torchscript"
    notes = () if is_openai else ("heads and activation are assumed to be OpenAI's: the weights do not tell",)
    return _read(
        file, architecture, f"{name}-quickgelu" if name else "ViT", f"openai/{name}" if is_openai else None, notes
    )


def read_as(file: CheckpointFile, backbone: str, architecture: dict[str, Any], space: str) -> CheckpointContent:
    """The towers of a file whose architecture is known by name.

    Raises:
        CrossmostError: if keys are missing, of the wrong shape or unknown.
    """
    return _read(file, architecture, backbone, space, ())


def _read(
    file: CheckpointFile, architecture: dict[str, Any], backbone: str, space: str | None, notes: tuple[str, ...]
) -> CheckpointContent:
    ledger = KeyLedger(file.state("state_dict", ""), f"CLIP {backbone}", file.path)
    text_prefix = "text." if any(key.startswith("text.") for key in ledger.keys()) else ""  # noqa: SIM118
    image = ledger.take_tower(
        {
            key: shape
            for key, shape in shapes_of(lambda: build_image_tower(architecture)).items()
            if not key.startswith(FRESH_IMAGE_PARTS)
        },
        lambda key: key,
    )
    text = ledger.take_tower(shapes_of(lambda: build_text_tower(architecture)), lambda key: text_prefix + key)
    logit_scale = ledger.take("logit_scale", ())
    ledger.leave(_CONSTANTS, "sizes that the shapes tell as well")
    masks = tuple(key for key in ledger.keys() if key.endswith("attn_mask"))  # noqa: SIM118
    ledger.leave(masks, "the causal mask, which the text tower makes itself")
    return CheckpointContent(
        description=CheckpointDescription(
            family=TITLE,
            space=space,
            embed_dim=architecture["embed_dim"],
            image_text=ImageTextDescription(backbone=backbone, architecture=architecture),
            logit_scale=scale_factor(logit_scale),
            unused=ledger.close(),
            notes=notes,
        ),
        image=image,
        text=text,
        logit_scale=logit_scale,
    )
