"""What the benchmarks of speed share: facts about the machine, interleaved repeats, time by part."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

Part = tuple[str, Any, str]
"""A name under which time is counted, and the owner and attribute of a function that takes it."""


def machine() -> dict[str, Any]:
    """What a time depends on beside the code."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _cpu_model() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.is_file() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def interleaved(variants: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of every repeat of every variant; they take turns, so that a busy machine slows all of them.

    One round more is made before, whose times do not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(1 + repeats):
        for name, run in variants.items():
            seconds[name].append(_seconds(run))
    return {name: measured[1:] for name, measured in seconds.items()}


def paired_ratio(dividend: Iterable[float], divisor: Iterable[float]) -> float:
    """Median over repeats of the ratio within a repeat."""
    return statistics.median(a / b for a, b in zip(dividend, divisor, strict=True))


def _seconds(run: Callable[[], object]) -> float:
    wait_for_device()
    started = time.perf_counter()
    run()
    wait_for_device()
    return time.perf_counter() - started


def wait_for_device() -> None:
    """Until a GPU has done what it was told; at once without one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class Stopwatch:
    """Seconds by part. A part inside another counts for itself alone.

    Attributes:
        laps: one dictionary, part → seconds, for every `lap`.
    """

    def __init__(self) -> None:
        self.laps: list[dict[str, float]] = []
        self._inside: list[float] = []  # seconds of the inner parts of each part that runs now

    @contextmanager
    def lap(self) -> Iterator[None]:
        """One repeat."""
        self.laps.append({})
        yield

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what happens inside."""
        wait_for_device()
        started = time.perf_counter()
        self._inside.append(0.0)
        try:
            yield
        finally:
            wait_for_device()
            took = time.perf_counter() - started
            own = took - self._inside.pop()
            if self._inside:
                self._inside[-1] += took
            if self.laps:
                self.laps[-1][name] = self.laps[-1].get(name, 0.0) + own

    @contextmanager
    def watching(self, parts: Iterable[Part]) -> Iterator[None]:
        """Count every call of these functions as long as the block runs."""
        with ExitStack() as stack:
            for name, owner, attribute in parts:
                timed = self._timed(name, getattr(owner, attribute))
                stack.enter_context(patch.object(owner, attribute, timed))
            yield

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.part(name):
                return function(*arguments, **named)

        return timed

    def breakdown(self) -> list[dict[str, Any]]:
        """Part, median milliseconds and percent of the sum, in the order in which parts first ended."""
        names = list(dict.fromkeys(name for lap in self.laps for name in lap))
        milliseconds = {name: 1e3 * statistics.median(lap.get(name, 0.0) for lap in self.laps) for name in names}
        total = sum(milliseconds.values())
        return [{"part": name, "ms": ms, "percent": 100 * ms / total} for name, ms in milliseconds.items()]
