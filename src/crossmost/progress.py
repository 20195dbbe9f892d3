"""Progress of long work: a bar on a terminal; anywhere else a line of the log now and then.

The bar is gone when the work is done, so that the terminal keeps one line per finished node.
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from rich import get_console
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 30.0
"""Without a terminal: the least time between two lines, and before the first."""
SECONDS_BETWEEN_NOTES = 1.0
"""On a terminal: the least time between two notes, because reading a loss makes a GPU wait."""
BAR_WIDTH = 30
"""Characters; leaves room for numbers and a note in 120."""

Item = TypeVar("Item")


class Progress:
    """How far some work is, and at what pace; `show_progress` makes one.

    Attributes:
        completed: Units done so far, those of an earlier run included.
        note: What the work last had to say about itself.
    """

    def __init__(
        self,
        title: str,
        total: int,
        unit: str,
        *,
        done: int,
        clock: Callable[[], float],
        every: float = math.inf,
        show: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        """See `show_progress`; ``show`` is called at most once in ``every`` seconds."""
        self.title, self.total, self.unit = title, total, unit
        self.completed = done
        self.note = ""
        self._done_before = done
        self._clock = clock
        self._every, self._show = every, show
        self._started = self._shown = clock()

    def advance(self, count: int = 1, note: Callable[[], str] | None = None) -> None:
        """Count finished units.

        Args:
            count: How many.
            note: Makes a few words to show beside the pace, such as losses; called only when they will be seen.
        """
        self.completed += count
        now = self._clock()
        if now - self._shown >= self._every:
            self._shown = now
            if note is not None:
                self.note = note()
            self._show(self)

    def pace(self) -> str:
        """Rate and time left, e.g. "3.92 steps/s, 0:01:02 left"; empty before the first unit is done."""
        made = self.completed - self._done_before
        if made <= 0:
            return ""
        rate = made / max(self._clock() - self._started, 1e-9)
        left = timedelta(seconds=round(max(self.total - self.completed, 0) / rate))
        return f"{rate:.{1 if rate >= 10 else 2}f} {self.unit}/s, {left} left"


@contextmanager
def show_progress(
    title: str,
    total: int,
    unit: str,
    *,
    done: int = 0,
    shown: bool = True,
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Progress]:
    """Show how far the work inside the ``with`` block is: rate, time left and a note.

    On a terminal this is a bar that vanishes afterwards. Anywhere else (a file, a pipe, a notebook) work that takes
    more than half a minute writes a line of level INFO each half minute; shorter work writes none.

    Args:
        title: What is being done, e.g. "rendering views".
        total: Units to do in all, those done before included.
        unit: Their name, plural, e.g. "objects" or "steps".
        done: Units that an earlier run did; they do not count for the rate.
        shown: False counts in silence: of several processes that work alike, one shows its progress.
        console: Where a bar is drawn; by default where Kedro's log goes, so that its lines appear above the bar.
        clock: Seconds, from any start.
    """
    console = console or get_console()
    if not shown:
        yield Progress(title, total, unit, done=done, clock=clock)
    elif _is_watched(console):
        progress = Progress(title, total, unit, done=done, clock=clock, every=SECONDS_BETWEEN_NOTES)
        with Live(get_renderable=lambda: _bar(progress), console=console, transient=True):
            yield progress
    else:
        yield Progress(title, total, unit, done=done, clock=clock, every=SECONDS_BETWEEN_LINES, show=_write_line)


def track(items: Iterable[Item], title: str, total: int, unit: str) -> Iterator[Item]:
    """The same items; one counts as done when the next is asked for. Everything else as in `show_progress`."""
    with show_progress(title, total, unit) as progress:
        for item in items:
            yield item
            progress.advance()


def _is_watched(console: Console) -> bool:
    """Whether a person sees the console live. Both streams count: a job whose log goes to a file redirects either."""
    # The console's own word would not do: FORCE_COLOR, which build servers set, makes it believe in a terminal.
    return console.file.isatty() and sys.stderr.isatty() and console.is_terminal and not console.is_dumb_terminal


def _bar(progress: Progress) -> Table:
    """The bar as it is now: title, bar, count, pace, note."""
    row = Table.grid(padding=(0, 1))
    for _ in range(4):
        row.add_column(no_wrap=True)
    row.add_column()  # the note alone gives way on a narrow terminal
    row.add_row(
        Text(progress.title),
        ProgressBar(total=progress.total, completed=progress.completed, width=BAR_WIDTH),
        Text(f"{progress.completed}/{progress.total}", style="green"),
        Text(progress.pace(), style="cyan"),
        Text(progress.note, no_wrap=True, overflow="ellipsis"),
    )
    return row


def _write_line(progress: Progress) -> None:
    parts = (f"{progress.completed} of {progress.total} {progress.unit}", progress.pace(), progress.note)
    line = f"{progress.title}: {', '.join(filter(None, parts))}"
    # A process that was spawned for another device has no logging set up and would lose the line.
    if logger.hasHandlers():
        logger.info("%s", line)
    else:
        print(line, file=sys.stderr)
