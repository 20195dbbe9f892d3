import errno
import shutil
import stat
from pathlib import Path

import pytest

from crossmost.errors import MissingInputError
from crossmost.sources.sweethome3d import ClassRules, SweetHome3DSource
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


THREE = UNPACK + "\nfor name in B C; do echo zip > $3/usr/share/furniture/$name.sh3f; done"


def put_tools(tools: Path) -> None:
    put_tool(tools, "apt-get", f"{SHELL}echo deb > sweethome3d-furniture_1.deb")
    put_tool(tools, "dpkg-deb", THREE)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, tools: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_tools(tools)
    copy = shutil.copyfile

    def fail_at_the_last(source: Path, target: Path) -> None:
        copy(source, target)
        if "C.sh3f" in target.name:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fail_at_the_last)
    assert main([str(tmp_path / "raw")]) == 1
    message = capsys.readouterr().err
    assert "No space left on device" in message and "make data" in message and message.count("\n") == 1
    assert names(tmp_path / "raw") == []
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tools))
    assert len(fetch(tmp_path / "raw")) == 3


@pytest.mark.parametrize("killed_at", ["copyfile", "replace"])
def test_what_an_interrupted_fetch_left_is_no_success(
    tmp_path: Path, tools: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    put_tools(tools)
    raw = tmp_path / "raw"

    calls = []

    def killed(*arguments: Path) -> None:
        calls.append(arguments)
        if len(calls) == 3:  # copyright and the first library are done
            raise KeyboardInterrupt
        do(*arguments)

    owner = shutil if killed_at == "copyfile" else Path
    do = getattr(owner, killed_at)
    monkeypatch.setattr(owner, killed_at, killed)
    with pytest.raises(KeyboardInterrupt):
        fetch(raw)
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tools))
    assert len(names(raw)) > 0
    rules = ClassRules("", (("chair", "chair"), ("table", "table")))
    with pytest.raises(MissingInputError, match="make data"):
        SweetHome3DSource(raw, rules)
    assert len(fetch(raw)) == 3
    assert names(raw) == ["A.sh3f", "B.sh3f", "C.sh3f", "copyright"]
    assert len(SweetHome3DSource(raw, rules).libraries) == 3


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
