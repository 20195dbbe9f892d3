"""Cacti and succulents."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.foliage import blades
from crossmost.sources.shapes.palette import (
    FLOWER,
    pick,
    shade,
)
from crossmost.sources.shapes.plant_parts import CIRCLE, GREEN, add_pot
from crossmost.sources.shapes.solids import (
    bars,
    join,
    ring_points,
    spline,
    sweep,
)


def cactus(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Cactus: ribbed columns, a ball, or a column with arms."""
    name, color = pick(rng, GREEN)
    radius = rng.uniform(0.06, 0.12)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(0.9, 1.7))
    kind = int(rng.integers(3))
    if kind == 0:
        count = int(rng.integers(2, 6))
        for place in ring_points((0, soil, 0), radius * 0.4, count):
            high, thick = radius * rng.uniform(1.5, 3.2), radius * rng.uniform(0.3, 0.45)
            summit = place + [place[0] * 0.3, high, place[2] * 0.3]
            _ribbed(builder, rng, [place, summit], thick, color)
    elif kind == 1:
        size = radius * rng.uniform(0.6, 0.9)
        summit = np.array([0, soil + size * rng.uniform(1.2, 2.0), 0])
        _ribbed(builder, rng, [[0, soil - size * 0.2, 0], summit], size, color)
    else:
        high, thick = radius * rng.uniform(3, 5.5), radius * rng.uniform(0.35, 0.5)
        summit = np.array([0, soil + high, 0])
        _ribbed(builder, rng, [[0, soil, 0], summit], thick, color)
        for side in (-1.0, 1.0)[: int(rng.integers(1, 3))]:
            y = soil + high * rng.uniform(0.25, 0.5)
            reach = thick * rng.uniform(1.8, 2.8)
            elbow = [
                [0, y, 0],
                [side * reach * 0.8, y + thick * 0.1, 0],
                [side * reach, y + thick, 0],
                [side * reach, y + high * rng.uniform(0.25, 0.45), 0],
            ]
            builder.add(sweep(spline(elbow, 10), thick * np.r_[np.full(8, 0.65), 0.6, 0.25], 10), color)
    if rng.random() < 0.4:
        builder.ball(radius * 0.22, pick(rng, FLOWER)[1], summit)
    return name


def _ribbed(builder: ShapeBuilder, rng: np.random.Generator, ends: object, radius: float, color: Color) -> None:
    """A rounded column with lengthwise ribs and pale spines."""
    low, high = np.asarray(ends, dtype=float)
    share = np.linspace(0, 1, 10)
    path = low + (high - low) * share[:, None]
    outline = radius * np.interp(share, [0, 0.15, 0.7, 0.9, 1], [0.8, 1, 1, 0.75, 0.15])
    ribs = int(rng.integers(7, 12))
    builder.add(sweep(path, outline * 0.9, 2 * ribs), shade(color, 0.75))
    lines = []
    for angle in np.linspace(0, CIRCLE, ribs, endpoint=False):
        out = np.array([np.sin(angle), 0, np.cos(angle)])
        lines.append(sweep(path + outline[:, None] * 0.88 * out, outline * 0.2, 4))
    builder.add(join(lines), color)
    picks = rng.integers(10, size=40), rng.uniform(0, CIRCLE, 40)
    out = np.column_stack([np.sin(picks[1]), np.zeros(40), np.cos(picks[1])])
    root = path[picks[0]] + out * outline[picks[0]][:, None]
    builder.add(bars(root, root + out * radius * 0.25, (radius * 0.02, radius * 0.004), 3), (226, 222, 190))


def succulent(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Fleshy rosettes in a bowl."""
    name, color = pick(
        rng, GREEN, {"gray green": (128, 158, 128), "bluish green": (104, 144, 132), "reddish": (160, 96, 84)}
    )
    radius = rng.uniform(0.08, 0.14)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(0.6, 1.3))
    count = int(rng.choice([1, 2, 3, 4]))
    places = ring_points((0, soil, 0), radius * 0.5, count) if count > 1 else np.array([[0, soil, 0]])
    for place in places:
        size = radius * (rng.uniform(0.8, 1.2) if count == 1 else rng.uniform(0.45, 0.75))
        for layer in range(5):
            leaves = 9 - layer
            turn = np.linspace(0, CIRCLE, leaves, endpoint=False) + layer * 0.4
            root = np.tile(place + [0, size * 0.1 * layer, 0], (leaves, 1))
            mesh = blades(
                root,
                turn,
                0.3 + 0.25 * layer,
                size * (1 - 0.13 * layer),
                size * (0.6 - 0.06 * layer),
                -0.7,
                "leaf",
                fold=0.4,
            )
            builder.add(mesh, shade(color, 0.8 + 0.09 * layer))
    return name
