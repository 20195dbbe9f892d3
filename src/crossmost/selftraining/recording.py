"""What a run leaves on record, step by step, kept on the device until it is asked for."""

from collections.abc import Sequence
from typing import Any

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


class Recorder:
    """Rows of the log (one per step) and of the pseudo-labels (one per object and epoch)."""

    def __init__(self) -> None:
        self._facts: list[dict[str, Tensor]] = []
        self._epochs: list[int] = []
        self._rows: list[list[int]] = []
        self._labels: list[PseudoLabels] = []

    def __len__(self) -> int:
        return len(self._facts)

    def append(self, epoch: int, rows: Sequence[int], result: StepResult, **schedules: float) -> None:
        """Add one step; no tensor is read, so that the device need not wait."""
        loss = torch.stack(list(result.losses.values())).sum()
        plain = {name: torch.tensor(value, dtype=torch.float64) for name, value in schedules.items()}
        self._facts.append({"loss": loss, **result.losses, **result.report, **plain})
        self._epochs.append(epoch)
        self._rows.append(list(rows))
        self._labels.append(result.pseudo_labels)

    def last(self, name: str) -> float:
        """A fact of the last step; waits for the device."""
        return float(self._facts[-1][name])

    def epoch_mean(self, name: str, epoch: int) -> float:
        """Mean of a fact over the steps of an epoch."""
        # Facts of a run that was resumed on a GPU lie on the CPU, later ones do not.
        facts = [fact[name].cpu() for fact, of in zip(self._facts, self._epochs, strict=True) if of == epoch]
        return float(torch.stack(facts).mean())

    def state_dict(self) -> dict[str, Any]:
        """Everything, as tensors and lists on the CPU."""
        return {
            "facts": [{name: value.cpu() for name, value in fact.items()} for fact in self._facts],
            "epochs": self._epochs,
            "rows": self._rows,
            "labels": [[column.cpu() for column in labels] for labels in self._labels],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue a record."""
        self._facts, self._epochs, self._rows = state["facts"], state["epochs"], state["rows"]
        self._labels = [PseudoLabels(*columns) for columns in state["labels"]]

    def log_table(self) -> pd.DataFrame:
        """One row per step: step, epoch, every loss term, facts, schedules; class marginals are lists."""
        rows = [{name: value.tolist() for name, value in fact.items()} for fact in self._facts]
        table = pd.DataFrame(rows)
        table.insert(0, "epoch", self._epochs)
        table.insert(0, "step", range(len(rows)))
        return table

    def pseudo_label_table(self, object_ids: Sequence[str]) -> pd.DataFrame:
        """One row per object and epoch: the labels trained on, whether they were kept, the teacher's confidences."""
        columns: dict[str, Any] = {
            "epoch": [epoch for epoch, rows in zip(self._epochs, self._rows, strict=True) for _ in rows],
            "object_id": [object_ids[row] for rows in self._rows for row in rows],
        }
        for field, column in LABEL_COLUMNS.items():
            columns[column] = torch.cat([getattr(labels, field).cpu() for labels in self._labels]).numpy()
        return pd.DataFrame(columns)
