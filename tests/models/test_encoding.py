"""Batches that threads read ahead come in order, each once, and so do their errors."""

import threading

import pytest

from crossmost.models.encoding import in_order

BATCHES = [slice(first, first + 2) for first in range(0, 20, 2)]


def test_results_come_in_order_however_long_each_takes() -> None:
    later = {batch.start: threading.Event() for batch in BATCHES}

    def work(rows: slice) -> int:
        """Not done before the next one has begun; the last waits for none."""
        later[rows.start].set()
        if rows != BATCHES[-1]:
            assert later[rows.stop].wait(10)
        return rows.start

    assert list(in_order(work, BATCHES, threads=2)) == [batch.start for batch in BATCHES]


def test_only_so_many_are_read_ahead() -> None:
    begun: list[int] = []
    results = in_order(lambda rows: begun.append(rows.start), BATCHES, threads=1)
    next(results)
    next(results)
    assert len(begun) <= 4, "two given out, one being read, one waiting"
    results.close()  # type: ignore[attr-defined]
    assert len(begun) < len(BATCHES)


def test_an_error_comes_where_its_batch_would() -> None:
    def work(rows: slice) -> int:
        if rows.start == 4:
            raise ValueError("a broken object")
        return rows.start

    results = in_order(work, BATCHES, threads=3)
    assert [next(results), next(results)] == [0, 2]
    with pytest.raises(ValueError, match="a broken object"):
        next(results)
    assert list(in_order(work, [], threads=3)) == []
