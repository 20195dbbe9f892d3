"""Lists of class names, as people and data sets write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from crossmost.errors import CrossmostError, MissingInputError
from crossmost.sources.object_ids import readable


def class_words(name: str) -> str:
    """A class name as it enters prompts: spaces in place of underscores, none at the ends, single ones inside.

    An accented letter is one character: macOS writes two in names of folders, which must be equal to those of lists.
    """
    return " ".join(unicodedata.normalize("NFC", readable(name)).replace("_", " ").split())


def read_class_list(path: Path) -> tuple[str, ...]:
    """Class names of a text file, one a line, in logit order; empty lines do not count.

    Raises:
        MissingInputError: if there is no such file.
        CrossmostError: if it is no text, has fewer than two names, or a name twice.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise MissingInputError(f"There is no class list {path}: write one name a line into a text file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CrossmostError(f"The class list {path} cannot be read as UTF-8 text: {error}") from error
    return checked_classes([class_words(line) for line in lines if line.strip()], f"The class list {path}")


def checked_classes(names: Sequence[str], where: str) -> tuple[str, ...]:
    """The names, if a classifier can tell them apart.

    Args:
        names: In logit order.
        where: Names the list in an error, e.g. "The class list names.txt".

    Raises:
        CrossmostError: if there are fewer than two names, or one twice (in whatever case).
    """
    first: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        before = first.setdefault(name.casefold(), number)
        if before != number:
            raise CrossmostError(f"{where} has the name {name!r} twice (names {before} and {number}); remove one")
    if len(names) < 2:
        raise CrossmostError(f"{where} has {len(names)} name(s); at least two are needed to tell objects apart")
    return tuple(names)
