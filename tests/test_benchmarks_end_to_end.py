"""Stages run one after the other in every checkout, with its own code and results; broken runs give no times."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import end_to_end


class Runs:
    """Stands in for `subprocess.run`: says what Kedro says, and the last stages leave metrics.json behind."""

    def __init__(self) -> None:
        self.stages: list[tuple[Path, str]] = []
        self.code_elsewhere = self.without_metrics = self.broken = False

    def __call__(self, command: list[str], cwd: Path, env: dict[str, str], **options: Any) -> Any:
        assert command[0] == sys.executable and env["PYTHONPATH"] == str(cwd / "src")
        if command[1] == "-c":
            printed = str(("/elsewhere" if self.code_elsewhere else cwd) / Path("src/crossmost/__init__.py"))
            return subprocess.CompletedProcess(command, 0, printed, "")
        words = " ".join(command)
        (stage,), (data,) = re.findall(r"--pipelines=(\w+)", words), re.findall(r"data_root=([^,]+)", words)
        assert (Path(data) / end_to_end.ENCODERS / "card.json").is_file()
        self.stages.append((cwd, stage))
        if stage == "evaluation" and not self.without_metrics:
            (Path(data) / "08_reporting").mkdir()
            (Path(data) / "08_reporting/metrics.json").write_text(json.dumps({"top1": len(cwd.name) > 3}))
        printed = "kedro.runner: Pipeline execution completed successfully in 0.0 sec."
        return subprocess.CompletedProcess(command, int(self.broken), printed, "no such file")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runs:
    stand_in = Runs()
    monkeypatch.setattr(end_to_end, "subprocess", SimpleNamespace(run=stand_in))
    monkeypatch.setattr(end_to_end, "PROJECT", tmp_path / "new")
    for name in ("new", "before"):
        folder = tmp_path / name / "data" / end_to_end.ENCODERS
        folder.mkdir(parents=True)
        (folder / "card.json").write_text("{}")
    arguments = ["--checkout", str(tmp_path / "before"), "--repeats", "2", "--json", str(tmp_path / "found.json")]
    monkeypatch.setattr(sys, "argv", ["end_to_end", *arguments])
    return stand_in


def test_checkouts_take_turns(runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    end_to_end.main()
    round_ = [(tmp_path / name, stage) for stage in end_to_end.STAGES for name in ("new", "before")]
    assert runs.stages == 2 * round_
    found = json.loads((tmp_path / "found.json").read_text())
    assert len(found["rows"]) == 2 * 2 * 6 and found["machine"]["cores"] >= 1 and not found["same_metrics"]
    assert all(row["start_up"] == row["seconds"] > 0 for row in found["rows"])
    printed = capsys.readouterr().out
    assert all(stage in printed for stage in end_to_end.STAGES) and printed.count("100%") == 2


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("code_elsewhere", "in place of the code in"),
        ("without_metrics", r"no metrics\.json from .*new, .*before"),
        ("broken", "ingestion.* failed in .*new:(.|\n)*no such file"),
    ],
)
def test_what_is_no_whole_run_gives_no_times(runs: Runs, tmp_path: Path, fault: str, message: str) -> None:
    setattr(runs, fault, True)
    with pytest.raises(SystemExit, match=message):
        end_to_end.main()
    assert not (tmp_path / "found.json").exists()
