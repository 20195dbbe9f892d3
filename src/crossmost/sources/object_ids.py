"""Ids of objects that an object store accepts, and names of files that any text accepts."""

from __future__ import annotations

import hashlib
import re

LONGEST_ID = 72
"""Characters; a member of a tar, `<id>.signature.npy`, must fit into 100."""
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


class UniqueIds:
    """Gives each object an id of its own that stays readable and is the same in every run."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str, identity: str) -> str:
        """The slug of the name; where that is taken or too long, with eight digits of the hash of the identity.

        Args:
            name: What a person would call the object.
            identity: What no two objects share, e.g. the path of its file.
        """
        text = slug(name)
        if text in self._taken or len(text) > LONGEST_ID:
            text = f"{text[: LONGEST_ID - 9].rstrip('-_')}-{_hash(identity)[:8]}"
        self._taken.add(text)
        return text


def _hash(identity: str) -> str:
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
