"""Draw one captioned object of a class, deterministically in (class name, seed, sub-type)."""

import zlib
from dataclasses import dataclass

import numpy as np
import trimesh

from crossmost.errors import CrossmostError
from crossmost.sources.shapes import (
    bed,
    bicycle,
    bottle,
    cabinet,
    car,
    chair,
    cup,
    door,
    lamp,
    person,
    plant,
    sofa,
    stool,
    table,
    tree,
    window,
)
from crossmost.sources.shapes.builder import ShapeBuilder, SubType

CLASSES: dict[str, dict[str, SubType]] = {
    "cabinet": cabinet.SUB_TYPES,
    "chair": chair.SUB_TYPES,
    "sofa": sofa.SUB_TYPES,
    "stool": stool.SUB_TYPES,
    "lamp": lamp.SUB_TYPES,
    "table": table.SUB_TYPES,
    "bed": bed.SUB_TYPES,
    "person": person.SUB_TYPES,
    "car": car.SUB_TYPES,
    "bicycle": bicycle.SUB_TYPES,
    "door": door.SUB_TYPES,
    "window": window.SUB_TYPES,
    "tree": tree.SUB_TYPES,
    "plant": plant.SUB_TYPES,
    "bottle": bottle.SUB_TYPES,
    "cup": cup.SUB_TYPES,
}
"""Class name → sub-type phrase → the function that draws it; in logit order."""

MAX_STRETCH = 0.15
MAX_SHEAR = 0.06
SHEAR_PROBABILITY = 0.15


class UnknownShapeError(CrossmostError):
    """A class or sub-type the generator does not know."""


@dataclass(frozen=True)
class GeneratedShape:
    """One procedural object: its mesh (canonical frame, metres, standing on y = 0, face colors) and its captions."""

    class_name: str
    sub_type: str
    color_name: str
    mesh: trimesh.Trimesh
    captions: tuple[str, ...]


def generate_shape(class_name: str, seed: int, sub_type: str | None = None) -> GeneratedShape:
    """Draw one object of ``class_name``; ``sub_type`` None draws the sub-type as well, uniformly.

    Raises:
        UnknownShapeError: the class or the sub-type does not exist, or the seed is negative.
    """
    sub_types = CLASSES.get(class_name)
    if sub_types is None:
        raise UnknownShapeError(f"Unknown shape class {class_name!r}: choose one of {', '.join(CLASSES)}.")
    if seed < 0:
        raise UnknownShapeError(f"The seed of shape class {class_name!r} is {seed}: it must be at least 0.")
    rng = np.random.default_rng([zlib.crc32(class_name.encode()), seed])
    drawn = list(sub_types)[int(rng.integers(len(sub_types)))]
    phrase = drawn if sub_type is None else sub_type
    if phrase not in sub_types:
        raise UnknownShapeError(
            f"Unknown sub-type {phrase!r} of shape class {class_name!r}: choose one of {', '.join(sub_types)}."
        )
    return draw_shape(class_name, phrase, sub_types[phrase], rng)


def draw_shape(class_name: str, sub_type: str, draw: SubType, rng: np.random.Generator) -> GeneratedShape:
    """Draw with ``draw``, then vary colors and proportions and put the object on the ground."""
    builder = ShapeBuilder()
    color_name = draw(builder, rng)
    builder.jitter_colors(rng)
    mesh = builder.build()
    stretch = np.diag(np.append(rng.uniform(1 - MAX_STRETCH, 1 + MAX_STRETCH, 3), 1.0))
    if rng.random() < SHEAR_PROBABILITY:
        stretch[rng.choice([0, 2]), 1] = rng.uniform(-MAX_SHEAR, MAX_SHEAR)
    mesh.apply_transform(stretch)
    low, high = mesh.bounds
    mesh.apply_translation([-(low[0] + high[0]) / 2, -low[1], -(low[2] + high[2]) / 2])
    return GeneratedShape(class_name, sub_type, color_name, mesh, _captions(class_name, sub_type, color_name))


def _captions(class_name: str, sub_type: str, color_name: str) -> tuple[str, ...]:
    """Phrases from general to special, without repetition."""
    phrases = [class_name, sub_type, f"{color_name} {class_name}", f"{color_name} {sub_type}"]
    captions = [_with_article(phrase) for phrase in phrases]
    if class_name not in sub_type.split():
        captions.append(f"{_with_article(sub_type)}, a kind of {class_name}")
    return tuple(dict.fromkeys(captions))


def _with_article(phrase: str) -> str:
    return f"{'an' if phrase[0].lower() in 'aeiou' else 'a'} {phrase}"
