"""Folders with links, as people make them to save space."""

import logging
import os
from pathlib import Path

import pytest
import trimesh

from crossmost.kedro_datasets.folder import FolderDataset
from crossmost.sources import FolderSettings, open_source
from crossmost.sources.file_tree import files_below


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(trimesh.creation.box().export(file_type="stl"))


def found(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in files_below(folder))


def test_links_to_folders_are_followed_and_what_is_hidden_is_not(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "objects", tmp_path / "elsewhere"
    touch(folder / "a/1.stl", folder / ".git/2.stl", folder / "__MACOSX/3.stl", folder / "._4.stl")
    touch(elsewhere / "deep/5.stl", tmp_path / "6.stl")
    touch(folder / "$RECYCLE.BIN/7.stl", folder / "a/@eaDir/8.stl", folder / "lost+found/9.stl")
    (folder / "b").symlink_to(elsewhere)
    (folder / "6.stl").symlink_to(tmp_path / "6.stl")
    assert found(folder) == ["6.stl", "a/1.stl", "b/deep/5.stl"]
    (tmp_path / "link").symlink_to(folder)
    assert found(tmp_path / "link") == found(folder)


def test_each_folder_is_read_once_and_under_its_own_name(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "objects", tmp_path / "elsewhere"
    touch(folder / "z/1.stl", elsewhere / "2.stl")
    (folder / "a").symlink_to(folder / "z")
    (folder / "z/circle").symlink_to(folder)
    (folder / "m").symlink_to(elsewhere)
    (folder / "n").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder / "z")
    assert found(folder) == ["m/2.stl", "z/1.stl"]


def test_what_cannot_be_followed_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "objects"
    touch(folder / "1.stl", tmp_path / "beside/2.stl")
    (folder / "lost.stl").symlink_to(tmp_path / "nowhere.stl")
    (folder / "up").symlink_to(tmp_path)
    (tmp_path / "names.txt").write_text("chair\ntable\n")
    settings = FolderSettings(kind="folder", path=folder, class_list=tmp_path / "names.txt")
    with caplog.at_level(logging.WARNING):
        objects = list(open_source(settings, folder).objects())
    assert [raw.source for raw in objects] == ["1.stl"]
    assert "2 links" in caplog.text and "lost.stl" in caplog.text


def test_raw_data_may_be_a_link(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    touch(tmp_path / "elsewhere/ModelNet40/1.off")
    raw.mkdir()
    (raw / "ModelNet40").symlink_to(tmp_path / "elsewhere/ModelNet40")
    assert FolderDataset(filepath=os.fspath(raw)).load() == raw
