"""Which teacher becomes the result, without a look at any label."""

from typing import Any

from crossmost.models.joint import JointModel
from crossmost.selftraining.recording import Recorder
from crossmost.selftraining.result import Weights
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.teacher import copy_weights


class Selection:
    """Follows a run epoch by epoch; keeps the best teacher so far, and snapshots for evaluation.

    Attributes:
        selected: weights of the selected teacher.
        selected_epoch: after which epoch it was taken.
        snapshots: (epoch, weights), equally spaced over the run, the last epoch included.
    """

    def __init__(self, settings: SelfTrainingSettings) -> None:
        self.criterion = settings.selection
        self.last_epoch = settings.epochs - 1
        parts = settings.snapshots + 1
        self._snapshot_epochs = {round(settings.epochs * part / parts) - 1 for part in range(1, parts + 1)}
        self._best = float("-inf")
        self.selected: Weights = {}
        self.selected_epoch = -1
        self.snapshots: list[tuple[int, Weights]] = []

    def after_epoch(self, epoch: int, record: Recorder, teacher: JointModel) -> None:
        """Look at the teacher after an epoch."""
        score = self._score(epoch, record)
        chosen = score > self._best
        if not chosen and epoch not in self._snapshot_epochs:
            return
        weights = copy_weights(teacher)
        if chosen:
            self._best, self.selected, self.selected_epoch = score, weights, epoch
        if epoch in self._snapshot_epochs:
            self.snapshots.append((epoch, weights))

    def _score(self, epoch: int, record: Recorder) -> float:
        if self.criterion == "agreement":
            return record.epoch_mean("agreement", epoch)
        if self.criterion == "entropy":
            return -sum(record.epoch_mean(f"teacher_entropy_{modality}", epoch) for modality in ("image", "point"))
        return 0.0 if epoch == self.last_epoch else float("-inf")

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs."""
        return {
            "best": self._best,
            "selected": self.selected,
            "selected_epoch": self.selected_epoch,
            "snapshots": self.snapshots,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue."""
        self._best, self.selected = state["best"], state["selected"]
        self.selected_epoch = state["selected_epoch"]
        self.snapshots = [(epoch, weights) for epoch, weights in state["snapshots"]]
