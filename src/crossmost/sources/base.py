"""What every source of objects gives: raw objects that know how to load themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
import trimesh
from PIL import Image
from pydantic import AfterValidator, BaseModel, ConfigDict

from crossmost.shards import fingerprint
from crossmost.sources.frames import Frame

PublishedSplit = Literal["adapt", "test"]
GivenPath = Annotated[Path, AfterValidator(Path.expanduser)]
"""A path as people write it: no shell replaces the ~ inside `--params key=~/folder`."""


@dataclass(frozen=True)
class PointCloud:
    """A cloud as a source has it.

    Args:
        points: (N, 3) coordinates in the source's own frame and unit, any float dtype.
        colors: (N, 3) uint8 RGB, or None where the source has no colors.
    """

    points: np.ndarray
    colors: np.ndarray | None = None


@dataclass(frozen=True)
class RawObject(ABC):
    """One object of a source: small, picklable, not loaded yet.

    Args:
        object_id: Unique and stable, `[a-z0-9][a-z0-9_-]*`.
        source: Where it comes from, e.g. the name of a library, or its file in the source's folder.
        sha256: Changes when the bytes that define the object change (hex).
        class_name: Its label if known; for evaluation only.
        captions: Phrases that describe it; may be empty.
        credit: Author and license, to be shown with the object; may be empty.
        frame: Which way `load` gives it; it is turned to y up, front +z before it is stored.
        published_split: Its side if the data set was published with a split (train → adapt), or None.
    """

    object_id: str
    source: str
    sha256: str
    class_name: str | None
    captions: tuple[str, ...]
    credit: str
    frame: Frame = field(default=Frame(), kw_only=True)
    published_split: PublishedSplit | None = field(default=None, kw_only=True)

    @property
    def key(self) -> str:
        """Its key in an object store."""
        return self.object_id

    @property
    def fingerprint(self) -> str:
        """Decides whether work done on it is still valid."""
        return self.sha256 if self.frame == Frame() else fingerprint(self.sha256, self.frame.up, self.frame.front)

    @abstractmethod
    def load(self) -> trimesh.Scene | PointCloud:
        """Its textured mesh or its cloud: right-handed, axes as `frame` says, meters where known.

        Raises:
            UnreadableObjectError: if it cannot be used; the message is the reason.
        """

    def pictures(self) -> Sequence[Image.Image]:
        """Photographs or renders that the source has of it, square, in a fixed order; empty if there are none.

        Raises:
            UnreadableObjectError: if a picture is there and cannot be used.
        """
        return ()


class Source(Protocol):
    """A collection of objects."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes to tell apart, in logit order, in words for prompts (no underscores)."""

    def objects(self) -> Iterator[RawObject]:
        """Its objects in a fixed order."""


class SourceDescription(BaseModel, ABC):
    """Settings of one kind of source: they know how to open it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: ClassVar[tuple[str, ...]]
    """Modules that decide what is stored of its objects, besides those that every source shares."""

    @abstractmethod
    def open(self, folder: Path) -> Source:
        """The source in its raw folder; sources that need no raw data ignore the folder.

        Raises:
            MissingInputError: if the folder lacks what the source needs; names what to put where.
        """
