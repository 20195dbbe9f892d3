"""`checkpoints inspect`."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from crossmost.commands import COMMANDS
from tests.models.checkpoints.published import FILES


@pytest.mark.parametrize("name", FILES)
def test_every_family_can_be_inspected(name: str, tmp_path: Path) -> None:
    torch.save(FILES[name](), tmp_path / "file.pt")
    result = CliRunner().invoke(COMMANDS["checkpoints"], ["inspect", str(tmp_path / "file.pt")])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("family")


def test_color_axis_points_and_unused_keys_are_printed(tmp_path: Path) -> None:
    torch.save(FILES["uni3d"](), tmp_path / "uni3d.pt")
    uni3d = CliRunner().invoke(COMMANDS["checkpoints"], ["inspect", str(tmp_path / "uni3d.pt")]).output
    for expected in ("EVA02-E-14-plus, 1024", "512 of 64 points", "10000 per cloud", "rgb in 0…1", "not used"):
        assert expected in uni3d
    torch.save(FILES["openshape"](), tmp_path / "openshape.pt")
    openshape = CliRunner().invoke(COMMANDS["checkpoints"], ["inspect", str(tmp_path / "openshape.pt")]).output
    assert "up axis          z" in openshape


def test_what_is_wrong_is_one_sentence_and_no_stack_trace(tmp_path: Path) -> None:
    content = FILES["ulip"]()
    del content["state_dict"]["module.ln_final.bias"]
    torch.save(content, tmp_path / "ulip.pt")
    command = [sys.executable, "-m", "crossmost", "checkpoints", "inspect", str(tmp_path / "ulip.pt")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "1 missing (ln_final.bias)" in result.stderr
    assert "Traceback" not in result.stderr
