import stat
from pathlib import Path

import pytest

from crossmost.errors import MissingInputError
from crossmost.sources.sweethome3d_fetch import fetch, main


def put_tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=None)
    return folder


SHELL = "PATH=/usr/bin:/bin\n"
UNPACK = (
    f"{SHELL}mkdir -p $3/usr/share/furniture $3/usr/share/doc/sweethome3d-furniture\n"
    "echo zip > $3/usr/share/furniture/A.sh3f\necho who > $3/usr/share/doc/sweethome3d-furniture/copyright"
)


def test_libraries_and_copyright_are_copied(tmp_path: Path, tools: Path) -> None:
    put_tool(tools, "apt-get", f"{SHELL}echo deb > sweethome3d-furniture_1.deb")
    put_tool(tools, "dpkg-deb", UNPACK)
    assert [path.name for path in fetch(tmp_path / "raw")] == ["A.sh3f"]
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == ["A.sh3f", "copyright"]


def test_libraries_that_are_there_stay(tmp_path: Path, tools: Path) -> None:
    (tmp_path / "mine.sh3f").touch()
    assert fetch(tmp_path) == [tmp_path / "mine.sh3f"]


def test_a_missing_tool_is_one_sentence(tmp_path: Path, tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "raw")]) == 1
    message = capsys.readouterr().err
    assert message.startswith("Error: apt-get is not on this machine") and message.count("\n") == 1


def test_no_network_is_one_sentence(tmp_path: Path, tools: Path) -> None:
    put_tool(tools, "apt-get", "echo 'E: Temporary failure resolving' >&2\nexit 100")
    put_tool(tools, "dpkg-deb", "exit 1")
    with pytest.raises(MissingInputError, match=r"Temporary failure resolving.*--env=shapes"):
        fetch(tmp_path / "raw")
    assert not (tmp_path / "raw").exists()
