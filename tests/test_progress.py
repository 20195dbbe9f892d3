"""Progress of long work: a bar where a person watches, a rare line elsewhere, and one home for both."""

from __future__ import annotations

import io
import logging
import os
import pty
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from crossmost.progress import SECONDS_BETWEEN_LINES, Progress, show_progress, track

SOURCES = Path(__file__).parents[1] / "src"


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Screen(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    return Screen()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log, with the level of a usual run."""
    with caplog.at_level(logging.INFO, logger="crossmost.progress"):
        yield caplog


def test_pace_has_rate_and_time_left(clock: Clock) -> None:
    progress = Progress("training", 100, "steps", done=0, clock=clock)
    assert progress.pace() == ""
    clock.now += 10
    progress.advance(5)
    assert progress.pace() == "0.50 steps/s, 0:03:10 left"
    progress.advance(95)
    assert progress.pace() == "10.0 steps/s, 0:00:00 left"


def test_work_of_an_earlier_run_does_not_count_for_the_pace(clock: Clock) -> None:
    progress = Progress("training", 100, "steps", done=60, clock=clock)
    clock.now += 10
    progress.advance(20)
    assert progress.completed == 80
    assert progress.pace() == "2.00 steps/s, 0:00:10 left"


def test_without_a_terminal_lines_are_rare(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    notes: list[int] = []

    def note() -> str:
        notes.append(progress.completed)
        return "loss 1.20"

    with show_progress("training", 1000, "steps", clock=clock) as progress:
        for _ in range(1000):
            clock.now += 0.125
            progress.advance(note=note)
    assert log.messages == [
        "training: 240 of 1000 steps, 8.00 steps/s, 0:01:35 left, loss 1.20",
        "training: 480 of 1000 steps, 8.00 steps/s, 0:01:05 left, loss 1.20",
        "training: 720 of 1000 steps, 8.00 steps/s, 0:00:35 left, loss 1.20",
        "training: 960 of 1000 steps, 8.00 steps/s, 0:00:05 left, loss 1.20",
    ]
    assert notes == [240, 480, 720, 960], "a note reads a loss, which makes a GPU wait"


def test_without_a_terminal_short_work_is_silent(
    clock: Clock, log: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with show_progress("training", 2, "steps", clock=clock) as progress:
        clock.now += SECONDS_BETWEEN_LINES - 1
        progress.advance(2)
    assert not log.messages
    assert capfd.readouterr() == ("", "")


def test_what_is_not_shown_counts_in_silence(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    def note() -> str:
        raise AssertionError("nobody reads it")

    with show_progress("training", 5, "steps", clock=clock, shown=False) as progress:
        clock.now += 10 * SECONDS_BETWEEN_LINES
        progress.advance(note=note)
    assert progress.completed == 1
    assert not log.messages


def test_a_terminal_gets_a_bar_and_no_lines(clock: Clock, log: pytest.LogCaptureFixture, screen: Screen) -> None:
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    with show_progress("training [joint]", 10, "steps", console=console, clock=clock) as progress:
        clock.now += 2 * SECONDS_BETWEEN_LINES
        progress.advance(4, note=lambda: "loss 1.20")
    assert "training [joint]" in screen.getvalue(), "no part of a title is markup"
    assert re.search(r"━ +4/10 0\.07 steps/s, 0:01:30 left loss 1\.20", screen.getvalue())
    assert not log.messages


def test_a_narrow_terminal_keeps_the_pace_and_cuts_the_note(clock: Clock, screen: Screen) -> None:
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    with show_progress("training", 10, "steps", console=console, clock=clock) as progress:
        clock.now += 5
        progress.advance(4, note=lambda: "a long note about many different losses")
    assert re.search(r"━ +4/10 0\.80 steps/s, 0:00:08 left a [a-z ]+…", screen.getvalue())


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_bar_needs_both_streams_on_the_terminal(stream: str) -> None:
    code = "import sys; from crossmost.progress import track; list(track(range(3), 'counting', 3, 'numbers'))"
    leader, follower = pty.openpty()
    streams = {"stdout": follower, "stderr": follower, stream: subprocess.PIPE}
    result = subprocess.run([sys.executable, "-c", code], check=True, env=_environment(FORCE_COLOR="1"), **streams)  # type: ignore[call-overload]
    os.close(follower)
    assert not result.stdout and not result.stderr
    assert _all_of(leader) == ""


def test_log_lines_go_above_the_bar_and_an_error_leaves_the_terminal_as_it_was() -> None:
    code = textwrap.dedent(
        """
        import logging, time
        from kedro.logging import RichHandler
        from crossmost.progress import track
        logging.basicConfig(level=logging.INFO, handlers=[RichHandler(show_path=False)], format="%(message)s")
        for number in track(range(5), "counting", 5, "numbers"):
            time.sleep(0.3)
            if number == 1:
                logging.info("a line of the log")
            if number == 2:
                raise SystemExit("stopped")
        """
    )
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=follower, stderr=follower, env=_environment(COLUMNS="100")
    )
    os.close(follower)
    text = _all_of(leader)
    assert process.wait() == 1
    assert re.search(r"counting .*1/5.*numbers/s, 0:00:\d\d left", text)
    assert re.search(r"\x1b\[2K[^\n]*a line of the log *\r\n[^\n]*counting", text), "the bar's line is cleared first"
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l"), "the cursor is shown again"
    assert "stopped" in text


def test_a_process_without_logging_writes_to_stderr() -> None:
    code = (
        "import crossmost.progress as p; p.SECONDS_BETWEEN_LINES = 0; list(p.track(range(2), 'counting', 2, 'numbers'))"
    )
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout == ""
    assert [line.split(",")[0] for line in result.stderr.splitlines()] == [
        "counting: 1 of 2 numbers",
        "counting: 2 of 2 numbers",
    ]


def test_items_pass_through() -> None:
    assert list(track(iter("abc"), "reading", 3, "letters")) == ["a", "b", "c"]


def test_no_other_module_draws_progress() -> None:
    drawing = re.compile(r"^\s*(?:from|import) (?:tqdm|rich\.(?:progress|live|status))", re.MULTILINE)
    found = {path.name for path in SOURCES.rglob("*.py") if drawing.search(path.read_text(encoding="utf-8"))}
    assert found == {"progress.py"}


def _environment(**changes: str) -> dict[str, str]:
    """Variables of a plain terminal; build servers set others."""
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TTY_COMPATIBLE"}}
    return kept | {"TERM": "xterm"} | changes


def _all_of(leader: int) -> str:
    """What was written to the other end until it closed."""
    parts: list[bytes] = []
    try:
        while part := os.read(leader, 4096):
            parts.append(part)
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(leader)
    return b"".join(parts).decode()
