"""Weights and the card that describes them."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Checkpoint:
    tensors: dict[str, Tensor]
    card: dict[str, Any]
