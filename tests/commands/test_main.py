"""`python -m crossmost` itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from crossmost import __main__ as program
from crossmost.commands import COMMANDS


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    """How the program ends."""
    monkeypatch.setattr(sys, "argv", ["crossmost", *arguments])
    with pytest.raises(SystemExit) as end:
        program.main()
    return end.value.code


def test_every_command_is_listed() -> None:
    assert set(program.SUMMARIES) == {"run", *COMMANDS}


@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("--help",), 0)])
def test_without_a_command_nothing_runs_and_all_are_listed(
    arguments: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, *arguments) == code
    printed = capsys.readouterr().out
    assert all(f"\n  {name} " in printed for name in program.SUMMARIES)


def test_a_misspelt_command_names_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    said = str(call(monkeypatch, "exprot", "OUT"))
    assert said.startswith("Error: There is no command `exprot`; did you mean `export`?")


@pytest.mark.parametrize("command", ["checkpoints", "export", "run"])
def test_each_command_has_its_help(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, command, "--help") == 0
    assert capsys.readouterr().out.startswith(f"Usage: crossmost {command}")


@pytest.mark.parametrize("words", [("run", "--env=test"), ("--env=test",)])
def test_options_go_to_kedro_run(words: tuple[str, ...], tmp_path: Path) -> None:
    options = ["--pipelines=evaluation", f"--params=data_root={tmp_path}"]
    command = [sys.executable, "-m", "crossmost", *words, *options]
    project = Path(__file__).parents[2]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "Error: missing input: " in result.stderr and "--pipelines=ingestion --env=test" in result.stderr
