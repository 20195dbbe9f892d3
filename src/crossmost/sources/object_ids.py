"""Ids of objects that an object store accepts."""

from __future__ import annotations

import hashlib
import re

LONGEST_ID = 72
"""Characters; a member of a tar, `<id>.signature.npy`, must fit into 100."""


def slug(identity: str) -> str:
    """An id that a store accepts: lower case, everything else than letters, digits, `_` and `-` becomes `-`."""
    text = re.sub(r"[^a-z0-9_-]+", "-", identity.lower()).strip("-_")
    return text or "object-" + hashlib.sha256(identity.encode()).hexdigest()[:12]


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
            digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
            text = f"{text[: LONGEST_ID - 9].rstrip('-_')}-{digest}"
        self._taken.add(text)
        return text
