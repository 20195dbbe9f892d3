"""What every source of triplets gives: objects with captions, and pictures of them where there are some."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import trimesh
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from crossmost.errors import MissingInputError
from crossmost.shards import fingerprint
from crossmost.sources import RawObject
from crossmost.sources.base import PointCloud
from crossmost.sources.layouts import spread_evenly
from crossmost.sources.pictures import read_picture

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Triplet(RawObject):
    """An object of any source with captions and picture files of its own.

    Args:
        inner: The object itself.
        picture_files: Pictures of it, in a fixed order; if empty, those that the object's own source has.
    """

    inner: RawObject
    picture_files: tuple[Path, ...]

    def load(self) -> trimesh.Scene | PointCloud:
        """As the object's own source loads it.

        Raises:
            UnreadableObjectError: if it cannot be used.
        """
        return self.inner.load()

    def pictures(self) -> Sequence[Image.Image]:
        """The pictures, square.

        Raises:
            UnreadableObjectError: if one of them is absent or broken.
        """
        return [read_picture(path) for path in self.picture_files] or self.inner.pictures()


class TripletSource(BaseModel, ABC):
    """Settings of one way in which triplets lie on disk: they know how to list them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_pictures: int = Field(
        default=12, ge=1, le=100, description="Pictures taken of each object at most, evenly over their order."
    )

    @abstractmethod
    def triplets(self) -> list[Triplet]:
        """All triplets in a fixed order; objects are not read yet.

        Raises:
            MissingInputError: if something is not there; names what to put where.
            CrossmostError: if what is there cannot be understood.
        """

    def _triplet(self, inner: RawObject, captions: Iterable[str], picture_files: Sequence[Path]) -> Triplet:
        """An object, its distinct captions without needless space, and as many of its pictures as are taken."""
        chosen = tuple(spread_evenly(picture_files, self.n_pictures))
        # Sizes stand for contents, as elsewhere: reading all pictures to list them would take minutes.
        sizes = [(path.as_posix(), path.stat().st_size if path.is_file() else -1) for path in chosen]
        return Triplet(
            object_id=inner.object_id,
            source=inner.source,
            sha256=fingerprint(inner.sha256, sizes),
            class_name=None,
            captions=distinct_captions(captions),
            credit=inner.credit,
            frame=inner.frame,
            inner=inner,
            picture_files=chosen,
        )


def distinct_captions(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts with single spaces, each once, without empty ones, in order."""
    return tuple(dict.fromkeys(" ".join(text.split()) for text in texts if text.strip()))


def given_path(path: Path | None, what: str) -> Path:
    """The path if there is one.

    Args:
        path: From the settings.
        what: What lies there, e.g. "a folder of objects".

    Raises:
        MissingInputError: if none was named.
    """
    if path is None:
        raise MissingInputError(
            f"Which triplets? Name {what}: kedro run --pipelines=alignment --params alignment.source.path=PATH "
            "(alignment.source.kind says in which form they lie there: folder, list, shapenet or openshape)"
        )
    return path
