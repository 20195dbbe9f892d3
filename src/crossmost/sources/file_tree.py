"""Files in folders, without what other systems leave there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import TypeVar

AnyPath = TypeVar("AnyPath", bound=PurePath)
_FOLDERS_OF_SYSTEMS = {"__macosx", "$recycle.bin", "system volume information", "@eadir", "lost+found"}


def is_hidden(name: str) -> bool:
    """Whether a file or folder is none of the user's.

    macOS leaves `._NAME` beside files and `__MACOSX` in archives; disks of Windows and Linux have a bin of what was
    deleted, network drives have thumbnails.
    """
    return name.startswith(".") or name.lower() in _FOLDERS_OF_SYSTEMS


def visible(paths: Iterable[AnyPath]) -> Iterator[AnyPath]:
    """The paths whose own name is not hidden."""
    return (path for path in paths if not is_hidden(path.name))


def is_unfinished(folder: Path) -> bool:
    """Whether `.NAME.partial` files say that something was put into the folder and interrupted: some of it may lack."""
    return any(folder.glob(".*.partial"))


def files_below(folder: Path) -> Iterator[Path]:
    """All visible files of a folder and its sub-folders, those that links lead to included, in no order of their own.

    Each folder is read once, under its own name if it has one in there: links in a circle come to an end. What cannot
    be followed is given itself and is no file: a link that leads nowhere or to a folder around this one, a folder
    that may not be read.
    """
    read = set[tuple[int, int]]()
    around = {_identity(parent) for parent in folder.resolve().parents}
    folders, links = [folder], list[Path]()
    while folders or links:
        # Links wait until all folders have been read that need none, so that a link changes no object's path.
        place = folders.pop() if folders else links.pop(0)
        try:
            identity = _identity(place)
            if identity in around:
                yield place
            if identity in around or identity in read:
                continue
            read.add(identity)
            with os.scandir(place) as scan:
                entries = sorted((entry for entry in scan if not is_hidden(entry.name)), key=lambda entry: entry.name)
        except OSError:
            yield place
            continue
        for entry in entries:
            path = place / entry.name
            if not path.is_dir():
                yield path
            elif entry.is_symlink():
                links.append(path)
            else:
                folders.append(path)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
