"""Functions that a GPU replays as a whole: CUDA graphs.

A GPU is done with an operation of a small tower sooner than the program can ask for the next. A replay asks once, for
thousands of them, which are the same as before (PyTorch's notes on CUDA semantics, "CUDA Graphs").
"""

import gc
import logging
import math
from collections.abc import Callable
from typing import Generic, TypeVar

import torch
from torch import Tensor

logger = logging.getLogger(__name__)

Found = TypeVar("Found")


def record_cuda_graph(work: Callable[[], None]) -> Callable[[], None]:
    """Record, without doing it, what work asks of the current GPU; returns how to do it.

    Other threads may use the GPU meanwhile, to bring the next batch there.
    """
    graph = torch.cuda.CUDAGraph()
    torch.cuda.synchronize()
    collects = gc.isenabled()
    gc.disable()  # garbage may hold what must not be let go of while a GPU listens
    try:
        with torch.cuda.stream(torch.cuda.Stream()):
            graph.capture_begin(capture_error_mode="thread_local")
            try:
                work()
            finally:
                graph.capture_end()
    finally:
        if collects:
            gc.enable()
    return graph.replay


class Replayed(Generic[Found]):
    """A function of tensors on a GPU, recorded after a few calls and replayed from then on.

    It must neither wait for the GPU nor depend on anything but its tensors and others that stay where they are. Calls
    with tensors of other sizes than the recorded ones are plain calls; so are all if it cannot be recorded, which is
    logged.

    Args:
        function: what is replayed.
        name: of what it computes, for the log.
        warm_up: calls before it is recorded, in which libraries choose their algorithms and reserve their memory.
        record: gets work that reads and writes the same tensors whenever it is done, and returns how to do it.
    """

    def __init__(
        self,
        function: Callable[..., Found],
        name: str,
        warm_up: int,
        record: Callable[[Callable[[], None]], Callable[[], None]] = record_cuda_graph,
    ) -> None:
        self._function, self._name, self._record = function, name, record
        self._calls_before: float = warm_up
        self._replay: Callable[[], None] | None = None
        self._inputs: list[Tensor] = []
        self._found: Found

    @property
    def is_recorded(self) -> bool:
        """Whether calls are replays."""
        return self._replay is not None

    def __call__(self, *inputs: Tensor) -> Found:
        """What the function returns; the next replay writes over its tensors."""
        if self._replay is None:
            if self._calls_before > 0:
                self._calls_before -= 1
            else:
                self._start(inputs)
        if self._replay is None or [kept.shape for kept in self._inputs] != [values.shape for values in inputs]:
            return self._function(*inputs)
        for into, values in zip(self._inputs, inputs, strict=True):
            into.copy_(values)
        self._replay()
        return self._found

    def _start(self, inputs: tuple[Tensor, ...]) -> None:
        """Record, if that can be done."""
        self._inputs = [values.clone() for values in inputs]
        try:
            self._replay = self._record(self._work)
        except RuntimeError as error:
            self._inputs, self._calls_before = [], math.inf
            cause = error.__context__ or error  # what the end of a recording says is only that it has failed
            logger.warning(
                "%s cannot be recorded as a CUDA graph (%s): it is computed operation by operation, more slowly",
                self._name,
                str(cause).split("\n")[0],
            )
        # The plain call comes after this: the error holds all memory of the failed recording.

    def _work(self) -> None:
        self._found = self._function(*self._inputs)
