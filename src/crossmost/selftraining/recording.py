"""What a run leaves on record, step by step, kept on the device until it is read."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from crossmost.selftraining.pseudo_labels import PseudoLabels
from crossmost.selftraining.step import StepResult

LABEL_COLUMNS = {
    "image_label": "label_image",
    "point_label": "label_point",
    "image_keep": "kept_image",
    "point_keep": "kept_point",
    "image_confidence": "confidence_image",
    "point_confidence": "confidence_point",
}


class _Steps(NamedTuple):
    """Steps in one piece, on the CPU.

    Attributes:
        facts: name → (S, …).
        epochs: (S,) int32.
        rows: (S·B,) int32 rows of the objects.
        labels: columns (S·B,) of the pseudo-labels, classes as int32.
    """

    facts: dict[str, Tensor]
    epochs: Tensor
    rows: Tensor
    labels: list[Tensor]


class Recorder:
    """Rows of the log (one per step) and of the pseudo-labels (one per object and epoch).

    What was read takes 22 bytes an object and epoch.
    """

    def __init__(self) -> None:
        self._read: list[_Steps] = []
        self._facts: list[dict[str, Tensor]] = []  # of steps that nobody has read yet
        self._epochs: list[int] = []
        self._rows: list[int] = []
        self._labels: list[PseudoLabels] = []

    def __len__(self) -> int:
        return len(self._facts) + sum(len(steps.epochs) for steps in self._read)

    def append(self, epoch: int, rows: Sequence[int], result: StepResult, **schedules: float) -> None:
        """Add one step; no tensor is read, so that the device need not wait."""
        loss = torch.stack(list(result.losses.values())).sum()
        plain = {name: torch.tensor(value, dtype=torch.float64) for name, value in schedules.items()}
        self._facts.append({"loss": loss, **result.losses, **result.report, **plain})
        self._epochs.append(epoch)
        self._rows += rows
        self._labels.append(result.pseudo_labels)

    def read(self) -> None:
        """Fetch from the device what has been appended."""
        if not self._facts:
            return
        labels = [torch.cat(column).cpu() for column in zip(*self._labels, strict=True)]
        self._read.append(
            _Steps(
                {name: torch.stack([fact[name] for fact in self._facts]).cpu() for name in self._facts[0]},
                torch.tensor(self._epochs, dtype=torch.int32),
                torch.tensor(self._rows, dtype=torch.int32),
                [values.int() if values.dtype == torch.int64 else values for values in labels],
            )
        )
        self._facts, self._epochs, self._rows, self._labels = [], [], [], []

    def last(self, name: str) -> float:
        """A fact of the last step; waits for the device."""
        return float(self._facts[-1][name] if self._facts else self._read[-1].facts[name][-1])

    def epoch_mean(self, name: str, epoch: int) -> float:
        """Mean of a fact over the steps of an epoch; waits for the device."""
        steps = self._steps()
        return float(steps.facts[name][steps.epochs == epoch].mean())

    def state_dict(self) -> dict[str, Any]:
        """Everything, as tensors on the CPU."""
        return self._steps()._asdict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue a record."""
        self._read = [_Steps(**state)]

    def log_table(self) -> pd.DataFrame:
        """One row per step: step, epoch, every loss term, facts, schedules; class marginals are lists."""
        steps = self._steps()
        table = pd.DataFrame({name: values.tolist() for name, values in steps.facts.items()})
        table.insert(0, "epoch", steps.epochs.tolist())
        table.insert(0, "step", range(len(table)))
        return table

    def pseudo_label_table(self, object_ids: Sequence[str]) -> pd.DataFrame:
        """One row per object and epoch: the labels trained on, whether they were kept, the teacher's confidences."""
        steps = self._steps()
        batch = len(steps.rows) // len(steps.epochs)
        columns: dict[str, Any] = {
            "epoch": steps.epochs.long().repeat_interleave(batch).numpy(),
            "object_id": np.asarray(object_ids, dtype=object)[steps.rows.numpy()],
        }
        for field, values in zip(PseudoLabels._fields, steps.labels, strict=True):
            whole = values.long() if values.dtype == torch.int32 else values
            columns[LABEL_COLUMNS[field]] = whole.numpy()
        return pd.DataFrame(columns)

    def _steps(self) -> _Steps:
        """All steps in one piece."""
        self.read()
        if len(self._read) > 1:
            facts, epochs, rows, labels = zip(*self._read, strict=True)
            whole = {name: torch.cat([part[name] for part in facts]) for name in facts[0]}
            columns = [torch.cat(column) for column in zip(*labels, strict=True)]
            self._read = [_Steps(whole, torch.cat(epochs), torch.cat(rows), columns)]
        return self._read[0]
