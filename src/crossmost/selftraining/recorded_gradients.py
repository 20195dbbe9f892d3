"""A step's gradients, replayed by a GPU: small towers no longer wait for the program."""

import gc
from collections.abc import Callable, Sequence

import torch
from lightning_fabric import Fabric
from torch import Tensor

from crossmost.models.cuda_graph import Replayed, record_cuda_graph
from crossmost.selftraining.pseudo_labels import PseudoLabels
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.step import Batch, StepResult, TrainingState, compute_gradients

WARM_UP = 3
"""Steps before the recorded one."""


def record_step(work: Callable[[], None]) -> Callable[[], None]:
    """`record_cuda_graph`, with the memory of earlier steps given back, of which the recorded one needs as much again.

    Passes that garbage still holds would tie this one to the stream that they ran on.
    """
    gc.collect()
    torch.cuda.empty_cache()
    return record_cuda_graph(work)


class RecordedGradients:
    """`compute_gradients`, recorded in one of the first steps of a run and replayed in those that follow.

    As long as labels are made of the transductive head's predictions, whose share differs from step to step, nothing is
    recorded.

    Args:
        state, settings, fabric: of the run; the state must stay the same object.
        record: see `Replayed`.
    """

    def __init__(
        self,
        state: TrainingState,
        settings: SelfTrainingSettings,
        fabric: Fabric,
        record: Callable[[Callable[[], None]], Callable[[], None]] = record_step,
    ) -> None:
        self._state, self._settings, self._fabric = state, settings, fabric
        self._replayed = Replayed(self._compute, "a training step", WARM_UP, record)
        self._gradients: list[tuple[Tensor, Tensor | None]] = []

    @property
    def is_recorded(self) -> bool:
        """Whether steps are replays."""
        return self._replayed.is_recorded

    def __call__(self, batches: Sequence[Batch], given: float) -> StepResult:
        """See `compute_gradients`."""
        if given > 0:
            return compute_gradients(self._state, batches, self._settings, self._fabric, given)
        result = self._replayed(*(values for batch in batches for values in batch))
        for parameter, gradient in self._gradients:  # a replay writes there, though someone may have let go of them
            parameter.grad = gradient
        return _copied(result)

    def _compute(self, *inputs: Tensor) -> StepResult:
        """Gradients of batches, one after the other in `inputs`; running statistics move on in place."""
        state, width = self._state, len(Batch._fields)
        batches = [Batch(*inputs[first : first + width]) for first in range(0, len(inputs), width)]
        fusion, memory = state.fusion, state.memory
        try:
            result = compute_gradients(state, batches, self._settings, self._fabric, given=0.0)
            for into, values in zip((*fusion, *memory), (*state.fusion, *state.memory), strict=True):
                if values is not into:
                    into.copy_(values)
        finally:
            state.fusion, state.memory = fusion, memory
        self._gradients = [(p, p.grad) for group in state.optimizer.param_groups for p in group["params"]]
        return result


def _copied(result: StepResult) -> StepResult:
    """What the next replay does not write over."""
    return StepResult(
        {name: value.clone() for name, value in result.losses.items()},
        {name: value.clone() for name, value in result.report.items()},
        PseudoLabels(*(column.clone() for column in result.pseudo_labels)),
    )
