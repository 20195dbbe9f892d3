"""Pots, vases and rosettes of leaves."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.foliage import blades
from crossmost.sources.shapes.palette import (
    GLASS,
    PAINT,
    PLASTIC,
    STONE,
    WICKER,
    WOOD,
    Palette,
    pick,
    shade,
)
from crossmost.sources.shapes.solids import (
    loft,
    rounded_rectangle,
    spline,
    vessel,
)

SOIL: Color = (74, 54, 40)


GREEN: Palette = {
    "green": (64, 124, 50),
    "dark green": (36, 86, 40),
    "light green": (126, 172, 72),
    "olive green": (104, 118, 52),
}


CIRCLE = 2 * np.pi


def add_pot(builder: ShapeBuilder, rng: np.random.Generator, radius: float, height: float) -> float:
    """A pot with soil; returns the height of the soil. Now and then there is none (a lump of soil only)."""
    if rng.random() < 0.04:
        builder.ellipsoid((radius, height * 0.3, radius), SOIL, (0, height * 0.25, 0))
        return height * 0.4
    _, color = pick(rng, STONE, STONE, PLASTIC, PAINT, WOOD, WICKER, {"terracotta": (176, 98, 60)})
    kind = int(rng.integers(6))
    soil = height * 0.9
    if kind == 0:
        low = radius * rng.uniform(0.6, 0.85)
        rim = height * rng.uniform(0.7, 0.85)
        builder.revolve(vessel([[low, 0], [radius * 0.92, rim], [radius, rim], [radius, height]], radius * 0.08), color)
    elif kind == 1:
        curve = spline(
            [
                [radius * 0.6, 0],
                [radius * 1.05, height * 0.4],
                [radius * 0.9, height * 0.85],
                [radius, height],
            ],
            12,
        )
        builder.revolve(vessel(curve, radius * 0.07), color)
    elif kind == 2:
        builder.revolve(vessel([[radius * rng.uniform(0.8, 1.1), 0], [radius, height]], radius * 0.07), color)
    elif kind == 3:
        low = rng.uniform(0.65, 1.0)
        outline = rounded_rectangle(radius, radius, radius * 0.06)
        steps = [(low, 0.0), (1.0, height), (0.9, height), (0.88, soil)]
        builder.add(
            loft([np.column_stack([outline[:, 0] * s, np.full(16, y), outline[:, 1] * s]) for s, y in steps]),
            color,
        )
    elif kind == 4:
        curve = spline(
            [
                [radius * 0.35, 0],
                [radius * 0.85, height * 0.3],
                [radius, height * 0.7],
                [radius * 0.97, height],
            ],
            12,
        )
        builder.revolve(vessel(curve, radius * 0.07), color)
    else:
        low = radius * 0.8
        builder.revolve(vessel([[low, height * 0.08], [radius, height]], radius * 0.08), color)
        builder.cylinder(radius * 1.15, height * 0.08, shade(color, 0.9), (0, height * 0.04, 0))
    builder.cylinder(radius * 0.9, height * 0.02, SOIL if rng.random() < 0.8 else (150, 140, 126), (0, soil, 0))
    return soil


def add_vase(builder: ShapeBuilder, rng: np.random.Generator, radius: float, height: float) -> None:
    """A vase of any silhouette."""
    _, color = pick(rng, GLASS, PAINT, PLASTIC, STONE)
    knots = [[radius * rng.uniform(0.4, 0.9), 0]]
    knots += [[radius * rng.uniform(0.6, 1.15), height * share] for share in (0.33, 0.66)]
    knots.append([radius * rng.uniform(0.4, 0.9), height])
    sections = int(rng.choice([6, 8, 20, 20, 20]))
    builder.revolve(vessel(spline(knots, 14), radius * 0.06), color, sections=sections)


def leaf_fan(
    builder: ShapeBuilder,
    rng: np.random.Generator,
    count: int,
    y: float,
    long: float,
    wide: float,
    rise: tuple[float, float],
    droop: tuple[float, float],
    shape: str,
    color: Color,
    base: float = 0.02,
    fold: float = 0.0,
) -> None:
    """A rosette of bending leaves from one place, in two or three shades."""
    for part in np.array_split(np.arange(count), int(rng.integers(2, 4))):
        if not len(part):
            continue
        turn = rng.uniform(0, CIRCLE, len(part))
        root = np.column_stack([base * np.sin(turn), np.full(len(part), y), base * np.cos(turn)])
        size = long * rng.uniform(0.6, 1.1, len(part))
        mesh = blades(
            root,
            turn,
            rng.uniform(*rise, len(part)),
            size,
            wide * rng.uniform(0.75, 1.2, len(part)),
            rng.uniform(*droop, len(part)),
            shape,
            fold=fold,
        )
        builder.add(mesh, shade(color, rng.uniform(0.75, 1.2)))
