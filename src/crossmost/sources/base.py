"""What every source of objects gives: raw objects that know how to load themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import trimesh


@dataclass(frozen=True)
class RawObject(ABC):
    """One object of a source: small, picklable, not loaded yet.

    Args:
        object_id: Unique and stable, `[a-z0-9][a-z0-9_-]*`.
        source: Where it comes from, e.g. the name of a library.
        sha256: Changes when the bytes that define the object change (hex).
        class_name: Its label if known; for evaluation only.
        captions: Phrases that describe it; may be empty.
        credit: Author and licence, to be shown with the object; may be empty.
    """

    object_id: str
    source: str
    sha256: str
    class_name: str | None
    captions: tuple[str, ...]
    credit: str

    @property
    def key(self) -> str:
        """Its key in an object store."""
        return self.object_id

    @property
    def fingerprint(self) -> str:
        """Decides whether work done on it is still valid."""
        return self.sha256

    @abstractmethod
    def load(self) -> trimesh.Scene:
        """Its textured mesh: y up, front facing +z, right-handed, meters where known.

        Raises:
            UnreadableObjectError: if it cannot be used; the message is the reason.
        """


class Source(Protocol):
    """A collection of objects."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes to tell apart, in logit order, in words for prompts (no underscores)."""

    def objects(self) -> Iterator[RawObject]:
        """Its objects in a fixed order."""
