"""Ids of objects that an object store accepts, and names of files that any text accepts."""

from __future__ import annotations

import hashlib
import re

from crossmost.shards.archive import KEY_PATTERN

LONGEST_ID = 72
"""Characters of an id that is made here."""
LONGEST_STORED_ID = 86
"""Characters of an id that a store takes: a member of a tar, `<id>.signature.npy`, must fit into 100."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def slug(identity: str) -> str:
    """An id that a store accepts: lower case, everything else than letters, digits, `_` and `-` becomes `-`."""
    text = re.sub(r"[^a-z0-9_-]+", "-", identity.lower()).strip("-_")
    return text or "object-" + _hash(identity)[:12]


def readable(name: str) -> str:
    r"""A file's name as text that can be stored and printed: bytes that are no UTF-8 become `\xe4`.

    Python reads such bytes as surrogates (PEP 383), which neither UTF-8 nor tables nor a terminal takes.
    """
    return _SURROGATE.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", name)


def shortened(text: str, identity: str, longest: int = LONGEST_STORED_ID) -> str:
    """The text if it is short enough, else its beginning with eight digits of the hash of the identity."""
    return text if len(text) <= longest else _with_hash(text, identity, longest)


class UniqueIds:
    """Gives each object an id of its own that stays readable and is the same in every run.

    Args:
        as_published: Names that a store takes stay as they are, to the last character.
    """

    def __init__(self, *, as_published: bool = False) -> None:
        self._as_published = as_published
        self._taken: set[str] = set()

    def take(self, name: str, identity: str) -> str:
        """The slug of the name; where that is taken or too long, with eight digits of the hash of the identity.

        Args:
            name: What a person would call the object.
            identity: Tells objects of one name apart in every run, e.g. the path of its file.
        """
        as_it_is = self._as_published and KEY_PATTERN.fullmatch(name)
        longest = LONGEST_STORED_ID if self._as_published else LONGEST_ID
        beginning = name if as_it_is else slug(name)
        text = shortened(beginning, identity, longest)
        repeated = 0
        while text in self._taken:
            text = _with_hash(beginning, f"{identity}#{repeated}" if repeated else identity, longest)
            repeated += 1
        self._taken.add(text)
        return text


def _with_hash(text: str, identity: str, longest: int) -> str:
    return f"{text[: longest - 9].rstrip('-_')}-{_hash(identity)[:8]}"


def _hash(identity: str) -> str:
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
