"""Checkpoints from which an interrupted run goes on as if nothing had happened.

They are scratch, not results: a file's name is the fingerprint of everything the run depends on, so that a run never
continues from other settings, objects, weights or code. At its end a run leaves what its result is made of, until that
result is saved (`remove_finished`): whatever fails in between, nothing is trained twice.
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

_TRAINING, _FINISHED = ".pt", ".finished.pt"
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
    unrelated = {"engine": {"checkpoint_seconds", "cuda_graph", "loader_workers"}}
    return fingerprint(
        digest.hexdigest(),
        list(image_mean),
        list(image_std),
        settings.model_dump(mode="json", exclude=unrelated),
        code_fingerprint(*_CODE),
    )


def remove_finished(folder: Path) -> None:
    """Remove what finished runs left: their results are saved."""
    for path in folder.glob(f"*{_FINISHED}"):
        path.unlink(missing_ok=True)


class RunCheckpoint:
    """The files a run continues from: one while it trains, another when it has.

    Args:
        folder: scratch folder; made when needed.
        run: from `run_fingerprint`.
        seconds: between the end of one save and the next; None never saves.
    """

    def __init__(self, folder: Path, run: str, seconds: float | None) -> None:
        self.path = folder / f"{run[:32]}{_TRAINING}"
        self.finished_path = folder / f"{run[:32]}{_FINISHED}"
        self._seconds, self._saved = seconds, monotonic()

    def is_due(self) -> bool:
        """Whether it is time to save."""
        return self._seconds is not None and monotonic() - self._saved >= self._seconds

    def save(self, state: dict[str, Any]) -> None:
        """Replace the file in one move, so that a process killed at any moment leaves a whole one."""
        _write(state, self.path)
        self._saved = monotonic()

    def load(self) -> dict[str, Any] | None:
        """The saved state, on the CPU, or None."""
        return _read(self.path)

    def finish(self, state: dict[str, Any]) -> None:
        """The run is done: keep what its result is made of, and no more the state it could continue from."""
        if self._seconds is not None:
            _write(state, self.finished_path)
        self.path.unlink(missing_ok=True)

    def load_finished(self) -> dict[str, Any] | None:
        """What `finish` kept, on the CPU, or None."""
        return _read(self.finished_path)

    def of_others(self) -> list[Path]:
        """Files in the folder from which runs with other settings, objects, weights or code would go on."""
        found = sorted(self.path.parent.glob(f"*{_TRAINING}"))
        return [path for path in found if path != self.path and not path.name.endswith(_FINISHED)]


def _write(state: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
