"""Model weights as a Kedro dataset: safetensors beside a JSON card, never a pickle."""

import json
import os
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview
from safetensors.torch import save_file

from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import CARD_NAME, WEIGHTS_NAME, Checkpoint, load_checkpoint


class CheckpointDataset(AbstractDataset[Checkpoint, Checkpoint]):
    """A folder with `model.safetensors` and `card.json`.

    Args:
        filepath: The folder.
        metadata: Free information for other tools (Kedro-Viz).
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def preview(self) -> JSONPreview:
        """The model's card."""
        return JSONPreview((self._filepath / CARD_NAME).read_text(encoding="utf-8"))

    def load(self) -> Checkpoint:
        """Weights on the CPU, and their card.

        Raises:
            MissingInputError: if there is no checkpoint.
            CrossmostError: if one of the two files is damaged.
        """
        return load_checkpoint(self._filepath)

    def save(self, data: Checkpoint) -> None:
        """Write both files under temporary names, then rename them; without its card there is no checkpoint.

        Raises:
            CrossmostError: if `data` is no `Checkpoint` or its card is no JSON.
        """
        if not isinstance(data, Checkpoint):
            raise CrossmostError(f"{self._filepath} can save a Checkpoint only, got {type(data).__name__}")
        try:
            card = json.dumps(data.card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        except (TypeError, ValueError) as error:
            raise CrossmostError(f"The card of {self._filepath} must be plain JSON: {error}") from error
        # Tied weights and views are stored as copies of their own: safetensors refuses shared memory.
        tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in sorted(data.tensors.items())}
        self._filepath.mkdir(parents=True, exist_ok=True)
        weights_part = self._filepath / f".{WEIGHTS_NAME}.{os.getpid()}.partial"
        card_part = self._filepath / f".{CARD_NAME}.{os.getpid()}.partial"
        try:
            save_file(tensors, weights_part)
            card_part.write_text(card, encoding="utf-8")
            (self._filepath / CARD_NAME).unlink(missing_ok=True)  # new weights must not stand beside an old card
            weights_part.replace(self._filepath / WEIGHTS_NAME)
            card_part.replace(self._filepath / CARD_NAME)
        finally:
            weights_part.unlink(missing_ok=True)
            card_part.unlink(missing_ok=True)

    def _exists(self) -> bool:
        return (self._filepath / WEIGHTS_NAME).is_file() and (self._filepath / CARD_NAME).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}
