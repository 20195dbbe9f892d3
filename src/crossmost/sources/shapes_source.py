"""The procedural generator as a source of target objects: needs no raw data at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import trimesh
from pydantic import Field

from crossmost.errors import CrossmostError
from crossmost.shards import code_fingerprint, fingerprint
from crossmost.sources.base import RawObject, Source, SourceDescription
from crossmost.sources.shapes.generator import CLASSES, generate_shape


class ShapesSettings(SourceDescription):
    """The procedural generator."""

    code: ClassVar = ("crossmost.sources.shapes_source", "crossmost.sources.shapes")

    kind: Literal["shapes"] = Field(description="Names this kind of source.")
    objects_per_class: int = Field(default=40, ge=1, description="Objects of each class.")
    first_seed: int = Field(
        default=1_000_000, ge=0, description="Seed of the first shape; others than those of pre-training."
    )
    classes: tuple[str, ...] | None = Field(
        default=None, description="Classes of the generator in logit order; null takes all."
    )

    def open(self, folder: Path) -> Source:
        """The generator; the raw folder is not looked at."""
        return ShapesSource(self.objects_per_class, self.first_seed, self.classes)


@dataclass(frozen=True)
class ProceduralObject(RawObject):
    """One shape of the generator.

    Args:
        shape_class: Class that the generator draws.
        seed: Which shape of that class.
    """

    shape_class: str
    seed: int

    def load(self) -> trimesh.Scene:
        """Draw the shape: meters, standing on y = 0."""
        return trimesh.Scene(generate_shape(self.shape_class, self.seed).mesh)


class ShapesSource:
    """The same number of objects of each class.

    Args:
        objects_per_class: 1 or more.
        first_seed: Seeds are `first_seed`, `first_seed + 1`, …; far from those of pre-training by default.
        class_names: Classes of the generator; None takes all.

    Raises:
        CrossmostError: if the generator does not know a class.
    """

    def __init__(
        self, objects_per_class: int, first_seed: int = 1_000_000, class_names: Sequence[str] | None = None
    ) -> None:
        self.objects_per_class = objects_per_class
        self.first_seed = first_seed
        self._class_names = tuple(CLASSES) if class_names is None else tuple(class_names)
        unknown = [name for name in self._class_names if name not in CLASSES]
        if unknown:
            raise CrossmostError(
                f"The shape generator has no class {', '.join(map(repr, unknown))}; allowed: {', '.join(CLASSES)}"
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes in logit order."""
        return self._class_names

    def objects(self) -> Iterator[ProceduralObject]:
        """Objects in turn over the classes."""
        code = code_fingerprint("crossmost.sources.shapes")
        for number in range(self.objects_per_class):
            for class_number, name in enumerate(self._class_names):
                seed = self.first_seed + number
                yield ProceduralObject(
                    object_id=f"shape-{number * len(self._class_names) + class_number:06d}",
                    source="shapes",
                    sha256=fingerprint(code, name, seed),
                    class_name=name,
                    captions=(),
                    credit="",
                    shape_class=name,
                    seed=seed,
                )
