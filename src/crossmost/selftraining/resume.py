"""Checkpoints from which an interrupted run goes on as if nothing had happened.

They are scratch, not results: a file's name is the fingerprint of everything the run depends on, so that a run never
continues from other settings, objects, weights or code; and the file is removed when the run is done.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from torch import Tensor

from crossmost.collection import Collection
from crossmost.models.joint import JointModel
from crossmost.models.joint_prediction import Fusion
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.shards import code_fingerprint, fingerprint

_CODE = (
    "crossmost.selftraining",
    "crossmost.models",
    "crossmost.geometry.grouping",
    "crossmost.collection",
    "crossmost.pose",
)


def run_fingerprint(
    model: JointModel,
    data: Collection,
    settings: SelfTrainingSettings,
    *,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    fusion: Fusion | None = None,
    transductive: Tensor | None = None,
) -> str:
    """Hex digest of all that a run depends on.

    Start weights and architecture, objects and the normalization of their pictures, the first fusion, settings (but not
    where they are computed), code; and the transductive predictions, if labels are made of them.
    """
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    heads = [module.num_heads for module in model.modules() if hasattr(module, "num_heads")]
    digest.update(f"{model}{heads}{model.point_tower.config}".encode())
    digest.update(data.digest().encode())
    given = (transductive,) if transductive is not None and settings.pseudo_labels.transductive_epochs > 0 else ()
    for value in (*(fusion or ()), *given):
        digest.update(value.cpu().contiguous().numpy().tobytes())
    unrelated = {"engine": {"checkpoint_seconds", "loader_workers"}}
    return fingerprint(
        digest.hexdigest(),
        list(image_mean),
        list(image_std),
        settings.model_dump(mode="json", exclude=unrelated),
        code_fingerprint(*_CODE),
    )


class RunCheckpoint:
    """The file a run continues from.

    Args:
        folder: scratch folder; made when needed.
        run: from `run_fingerprint`.
        seconds: between the end of one save and the next; None never saves.
    """

    def __init__(self, folder: Path, run: str, seconds: float | None) -> None:
        self.path = folder / f"{run[:32]}.pt"
        self._seconds, self._saved = seconds, monotonic()

    def is_due(self) -> bool:
        """Whether it is time to save."""
        return self._seconds is not None and monotonic() - self._saved >= self._seconds

    def save(self, state: dict[str, Any]) -> None:
        """Replace the file in one move, so that a process killed at any moment leaves a whole one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path)
        self._saved = monotonic()

    def load(self) -> dict[str, Any] | None:
        """The saved state, on the CPU, or None."""
        if not self.path.is_file():
            return None
        state: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        return state

    def remove(self) -> None:
        """The run is done."""
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(".partial").unlink(missing_ok=True)
