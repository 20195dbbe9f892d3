"""Replays give what plain calls give; what cannot be recorded is computed all the same."""

import logging
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from crossmost.models.cuda_graph import Replayed


class Tape:
    """Records work on a CPU: as on a GPU, recording does nothing yet, and a replay does all.

    Attributes:
        recorded, replayed: how often.
        silent: replays do nothing.
    """

    def __init__(self) -> None:
        self.recorded = self.replayed = 0
        self.silent = False

    def __call__(self, work: Callable[[], None]) -> Callable[[], None]:
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            if not self.silent:
                work()

        return replay


def double(values: Tensor) -> Tensor:
    return 2 * values


def test_a_function_is_recorded_after_the_warm_up_and_then_replayed() -> None:
    tape = Tape()
    replayed = Replayed(double, "doubling", 2, tape)
    for number in range(5):
        values = torch.full((3,), float(number))
        assert replayed(values).tolist() == [2 * number] * 3
        assert replayed.is_recorded == (number >= 2)
    assert (tape.recorded, tape.replayed) == (1, 3)


def test_replays_read_where_the_recorded_call_has_read() -> None:
    """A graph knows addresses: a later tensor is copied to the place of the first, which is nobody else's."""
    places: list[int] = []

    def noted(values: Tensor) -> Tensor:
        places.append(values.data_ptr())
        return values.sum()

    replayed = Replayed(noted, "a sum", 0, Tape())
    mine = torch.ones(4)
    assert replayed(mine) == 4 and replayed(torch.zeros(4)) == 0
    assert places[0] == places[1] != mine.data_ptr()
    assert mine.tolist() == [1, 1, 1, 1]


def test_other_sizes_are_plain_calls() -> None:
    tape = Tape()
    replayed = Replayed(double, "doubling", 0, tape)
    replayed(torch.ones(4))
    assert replayed(torch.ones(2)).tolist() == [2, 2]
    assert tape.replayed == 1


def test_what_cannot_be_recorded_is_computed_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int] = []

    def failing(work: Callable[[], None]) -> Callable[[], None]:
        tries.append(1)
        try:
            raise RuntimeError("this operation waits for the GPU\nand so on")
        finally:
            raise RuntimeError("the recording has failed")

    replayed = Replayed(double, "doubling", 1, failing)
    with caplog.at_level(logging.WARNING):
        assert [replayed(torch.ones(1)).item() for _ in range(4)] == [2, 2, 2, 2]
    (said,) = caplog.messages
    assert said.startswith("doubling cannot be recorded as a CUDA graph (this operation waits for the GPU): ")
    assert len(tries) == 1 and not replayed.is_recorded


def test_errors_of_the_function_itself_are_not_hidden() -> None:
    def broken(values: Tensor) -> Tensor:
        raise RuntimeError("no such thing")

    replayed = Replayed(broken, "nothing", 0, lambda work: work)
    with pytest.raises(RuntimeError, match="no such thing"):
        replayed(torch.ones(1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
@pytest.mark.parametrize("waits", [False, True])
def test_on_a_gpu(waits: bool, caplog: pytest.LogCaptureFixture) -> None:
    def shifted(values: Tensor) -> Tensor:
        return values + (values.sum().item() if waits else values.sum())

    replayed = Replayed(shifted, "shifting", 1)
    for number in range(4):
        values = torch.full((3,), float(number), device="cuda")
        assert replayed(values).tolist() == [4 * number] * 3
    assert replayed.is_recorded != waits and len(caplog.messages) == waits
