"""Weights and the card that describes them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from crossmost.errors import CrossmostError, MissingInputError

WEIGHTS_NAME = "model.safetensors"
CARD_NAME = "card.json"


@dataclass(frozen=True)
class Checkpoint:
    tensors: dict[str, Tensor]
    card: dict[str, Any]


def load_checkpoint(folder: Path) -> Checkpoint:
    """Weights on the CPU, and their card, from a folder with `model.safetensors` and `card.json`.

    Raises:
        MissingInputError: if there is no checkpoint.
        CrossmostError: if one of the two files is damaged.
    """
    weights, card = folder / WEIGHTS_NAME, folder / CARD_NAME
    absent = [path.name for path in (weights, card) if not path.is_file()]
    if absent:
        raise MissingInputError(f"There is no model in {folder} ({' and '.join(absent)} missing)")
    try:
        tensors = load_file(weights)
    except SafetensorError as error:
        raise CrossmostError(f"{weights} is damaged ({error}); delete it and make or fetch it again") from error
    try:
        described = json.loads(card.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CrossmostError(f"{card} is no JSON ({error}); delete it and make or fetch it again") from error
    if not isinstance(described, dict):
        raise CrossmostError(f"{card} holds a {type(described).__name__}, expected a JSON object")
    return Checkpoint(tensors=tensors, card=described)
