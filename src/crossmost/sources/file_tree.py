"""Files in folders, without what other systems leave there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TypeVar

AnyPath = TypeVar("AnyPath", bound=PurePath)


def is_hidden(name: str) -> bool:
    """Whether a file or folder is none of the user's: macOS leaves `._NAME` beside files, `__MACOSX` in archives."""
    return name.startswith((".", "__MACOSX"))


def visible(paths: Iterable[AnyPath]) -> Iterator[AnyPath]:
    """The paths whose own name is not hidden."""
    return (path for path in paths if not is_hidden(path.name))
