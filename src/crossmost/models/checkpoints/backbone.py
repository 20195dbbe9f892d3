"""Image and text towers that a configuration names by an open_clip tag or a model on the hub."""

from dataclasses import replace
from typing import Any

import open_clip

from crossmost.errors import CrossmostError
from crossmost.models.backbones import backbone_config
from crossmost.models.checkpoints.clip_files import read_as
from crossmost.models.checkpoints.content import CheckpointContent
from crossmost.models.checkpoints.fetch import fetch_hub_model, fetch_pretrained, locate
from crossmost.models.checkpoints.file import open_checkpoint

_HUB = "hf-hub:"


def read_backbone(name: str, file: str | None) -> CheckpointContent:
    """Towers of ``PRETRAINED/ARCHITECTURE`` or ``hf-hub:OWNER/NAME``.

    Args:
        file: local weights of a tag; None takes them from open_clip's cache or the network.

    Raises:
        CrossmostError: for unknown names, or weights that do not fit the architecture.
    """
    check_form(name)
    if name.startswith(_HUB):
        return _read_hub_model(name, file)
    tag, _, architecture = name.partition("/")
    known = open_clip.get_pretrained_cfg(architecture, tag)
    if not known:
        tags = open_clip.list_pretrained_tags_by_model(architecture)
        hint = f"tags of {architecture}: {', '.join(tags)}" if tags else "open_clip.list_pretrained() lists them"
        raise CrossmostError(
            f"backbone {name!r} is unknown; allowed: mini, checkpoint, PRETRAINED/ARCHITECTURE (e.g. openai/ViT-B-16), "
            f"hf-hub:OWNER/NAME; {hint}"
        )
    quick = bool(known.get("quick_gelu")) and not architecture.endswith("-quickgelu")
    full_name = f"{architecture}-quickgelu" if quick else architecture
    config = backbone_config(architecture) | ({"quick_gelu": True} if quick else {})
    path = locate(file) if file else fetch_pretrained(architecture, tag, known)
    return _normalized_as(read_as(open_checkpoint(path), full_name, config, name), known)


def check_form(name: str) -> None:
    """Refuse a name that is of neither form, e.g. an architecture without weights.

    Raises:
        CrossmostError: with the names that were meant, if open_clip knows the architecture.
    """
    if "/" in name:
        return
    tags = open_clip.list_pretrained_tags_by_model(name)
    examples = ", ".join(f"{tag}/{name}" for tag in tags[:3]) or "openai/ViT-B-16"
    raise CrossmostError(
        f"backbone {name!r} is none: the form is PRETRAINED/ARCHITECTURE, e.g. {examples}, or hf-hub:OWNER/NAME; or "
        "mini, or checkpoint"
    )


def _read_hub_model(name: str, file: str | None) -> CheckpointContent:
    if file:
        raise CrossmostError(f"backbone_file goes with PRETRAINED/ARCHITECTURE; {name} names its own files")
    model_id = name.removeprefix(_HUB)
    config, path = fetch_hub_model(model_id)
    space = _tag_of_hub_model(model_id) or name
    return _normalized_as(read_as(open_checkpoint(path), name, config["model_cfg"], space), config["preprocess_cfg"])


def _tag_of_hub_model(model_id: str) -> str | None:
    """PRETRAINED/ARCHITECTURE of weights that open_clip keeps on the hub under this id."""
    for architecture, tag in open_clip.list_pretrained():
        if open_clip.get_pretrained_cfg(architecture, tag).get("hf_hub", "").strip("/") == model_id:
            return f"{tag}/{architecture}"
    return None


def _normalized_as(content: CheckpointContent, preprocessing: dict[str, Any]) -> CheckpointContent:
    """The content with the image normalization of the pretrained weights."""
    described = content.description.image_text
    if described is None or not preprocessing.get("mean"):
        return content
    mean, std = tuple(preprocessing["mean"]), tuple(preprocessing["std"])
    image_text = replace(described, image_mean=mean, image_std=std)
    return replace(content, description=replace(content.description, image_text=image_text))
