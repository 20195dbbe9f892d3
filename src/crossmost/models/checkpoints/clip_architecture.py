"""The sizes of a CLIP with a plain ViT, read from the shapes of its weights."""

from typing import Any

from crossmost.models.backbones import backbone_config
from crossmost.models.checkpoints.ledger import KeyLedger

_HEAD_CHANNELS = 64  # of every OpenAI model; weights do not say
OPENAI_NAMES = ("ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336")


def vision_architecture(ledger: KeyLedger, embed_dim: int) -> dict[str, Any]:
    """open_clip configuration of an image tower under OpenAI's names, with QuickGELU."""
    width, _, patch_size, _ = ledger.shape("visual.conv1.weight")
    n_patches = ledger.shape("visual.positional_embedding")[0] - 1
    return {
        "embed_dim": embed_dim,
        "quick_gelu": True,
        "vision_cfg": {
            "image_size": round(n_patches**0.5) * patch_size,
            "layers": ledger.count_layers("visual.transformer.resblocks."),
            "width": width,
            "head_width": min(_HEAD_CHANNELS, width),
            "patch_size": patch_size,
        },
    }


def text_architecture(ledger: KeyLedger) -> dict[str, Any]:
    """The ``text_cfg`` of a text tower under OpenAI's names."""
    context_length, width = ledger.shape("positional_embedding")
    return {
        "context_length": context_length,
        "vocab_size": ledger.shape("token_embedding.weight")[0],
        "width": width,
        "heads": max(1, width // _HEAD_CHANNELS),
        "layers": ledger.count_layers("transformer.resblocks."),
    }


def openai_name(architecture: dict[str, Any]) -> str | None:
    """Which of OpenAI's ViTs has these sizes; None if none has."""
    for name in OPENAI_NAMES:
        known = backbone_config(name)
        sizes = {"head_width": _HEAD_CHANNELS} | known["vision_cfg"]
        if known["embed_dim"] == architecture["embed_dim"] and sizes == architecture["vision_cfg"]:
            return name
    return None
