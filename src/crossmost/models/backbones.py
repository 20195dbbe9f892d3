"""Image and text towers built from an open_clip configuration, with random weights and without any network."""

import json
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import open_clip
from open_clip.model import _build_text_tower, _build_vision_tower
from open_clip.timm_model import TimmModel
from torch import Tensor, nn

from crossmost.errors import CrossmostError
from crossmost.models.conv_stem import ConvolutionalStem
from crossmost.models.image_tower import ImageTower
from crossmost.models.timm_image_tower import TimmImageTower

CONFIG_FOLDER = Path(__file__).parent / "configs"
Tokenizer = Callable[[Sequence[str]], Tensor]


def backbone_config(name: str) -> dict[str, Any]:
    """The open_clip configuration of a backbone: one of ours, or one that open_clip knows.

    Raises:
        CrossmostError: for names that neither knows.
    """
    own = CONFIG_FOLDER / f"{name}.json"
    if own.parent == CONFIG_FOLDER and own.is_file():
        return json.loads(own.read_text(encoding="utf-8"))
    if name not in open_clip.list_models():
        near = get_close_matches(name, open_clip.list_models())
        hint = f"; near: {', '.join(near)}" if near else ""
        raise CrossmostError(f"open_clip knows no model named {name!r} (open_clip.list_models() lists all){hint}")
    return open_clip.get_model_config(name)


def build_image_tower(config: dict[str, Any], stem_channels: tuple[int, ...] = ()) -> ImageTower:
    """The image tower of a configuration.

    Args:
        config: open_clip's, with ``embed_dim`` and ``vision_cfg``.
        stem_channels: channels of a convolutional stem in place of the patch convolution; empty keeps that.

    Raises:
        CrossmostError: for architectures whose tokens cannot be masked (ResNets, pooled by attention, …).
    """
    visual = _build_vision_tower(config["embed_dim"], config["vision_cfg"], config.get("quick_gelu", False))
    if stem_channels:
        visual.conv1 = ConvolutionalStem(visual.conv1.out_channels, stem_channels)
    try:
        return TimmImageTower(visual) if isinstance(visual, TimmModel) else ImageTower(visual)
    except ValueError as error:
        raise CrossmostError(str(error)) from error


def build_text_tower(config: dict[str, Any]) -> nn.Module:
    """The text tower of a configuration: token ids (B, L) → embeddings (B, E).

    Raises:
        CrossmostError: for text towers from the transformers library, which this project does not use.
    """
    text = config["text_cfg"]
    if text.get("hf_model_name"):
        raise CrossmostError(
            f"this backbone's text tower is {text['hf_model_name']} of the transformers library, which is not "
            "supported; choose a backbone with a CLIP text tower"
        )
    return _build_text_tower(config["embed_dim"], text, config.get("quick_gelu", False))


def build_tokenizer(config: dict[str, Any]) -> Tokenizer:
    """The tokenizer of a configuration: texts → token ids (len(texts), L).

    Raises:
        CrossmostError: for tokenizers that would have to be fetched.
    """
    text = config["text_cfg"]
    if text.get("hf_tokenizer_name"):
        raise CrossmostError(
            f"this backbone needs the tokenizer {text['hf_tokenizer_name']} of the transformers library, which is not "
            "supported; choose a backbone with CLIP's own tokenizer"
        )
    return open_clip.SimpleTokenizer(context_length=text.get("context_length", 77), **text.get("tokenizer_kwargs", {}))
