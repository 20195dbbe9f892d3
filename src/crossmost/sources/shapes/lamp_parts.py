"""What several lamps share: shades, feet, small lights, lantern heads."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.palette import (
    FABRIC,
    Palette,
    pick,
    shade,
)
from crossmost.sources.shapes.solids import Points, bars, ring_points, shell, spline

GLOW: Palette = {"warm white": (250, 240, 214), "white": (246, 246, 242), "cream": (240, 224, 180)}


BULB: Color = (252, 246, 224)


def lampshade(
    builder: ShapeBuilder,
    rng: np.random.Generator,
    radius: float,
    height: float,
    base: float,
    tint: Color | None = None,
) -> str:
    """A lampshade whose lower edge is at ``base``: cone, drum, bell, pleated, square; returns its color's name."""
    name, color = pick(rng, FABRIC, GLOW, GLOW)
    color = color if tint is None else tint
    kind = int(rng.integers(6))
    sections = int(rng.choice([4, 6, 8])) if kind == 3 else 26
    if kind == 0:
        outline = [[radius, 0], [radius * rng.uniform(0.85, 1.0), height]]
    elif kind == 2:
        top = radius * rng.uniform(0.3, 0.5)
        outline = spline([[radius, 0], [radius * 0.7, height * 0.4], [top, height]], 8).tolist()
    elif kind == 4:
        outline = spline(
            [
                [radius, 0],
                [radius * 0.97, height * 0.3],
                [radius * 0.75, height * 0.75],
                [radius * 0.15, height],
            ],
            9,
        ).tolist()
    else:
        outline = [[radius, 0], [radius * rng.uniform(0.35, 0.75), height]]
    builder.revolve(shell(np.asarray(outline) + [0, base], radius * 0.03), color, sections=sections)
    if rng.random() < 0.3 and kind != 3:
        _, trim = pick(rng, FABRIC)
        for level, row in ((base, outline[0]), (base + height, outline[-1])):
            builder.torus(row[0] * 0.99, radius * 0.02, trim, (0, level, 0), (np.pi / 2, 0, 0))
    builder.ellipsoid((radius * 0.2, height * 0.25, radius * 0.2), BULB, (0, base + height * 0.45, 0))
    builder.rod((0, base, 0), (0, base + height * 0.5, 0), radius * 0.05, shade(color, 0.6))
    if kind != 4:
        rim = ring_points((0, base + height * 0.9, 0), float(outline[-1][0]), 3)
        builder.add(bars(rim, np.tile([0, base + height * 0.9, 0], (3, 1)), radius * 0.015, 4), shade(color, 0.6))
    return name


def lamp_foot(builder: ShapeBuilder, rng: np.random.Generator, radius: float, color: Color) -> float:
    """A foot on the floor: disc, dome, square or tripod; returns its height."""
    thick = radius * rng.uniform(0.08, 0.25)
    kind = int(rng.integers(3))
    if kind == 0:
        builder.cylinder(radius, thick, color, (0, thick / 2, 0), (0, 0, 0), radius * rng.uniform(0.8, 1.0), 24)
    elif kind == 1:
        builder.revolve(
            [
                [0, 0],
                [radius, 0],
                [radius, thick * 0.4],
                [radius * 0.6, thick],
                [radius * 0.2, thick * 1.8],
                [0, thick * 1.8],
            ],
            color,
        )
    else:
        builder.box((2 * radius * 0.85, thick, 2 * radius * 0.85), color, (0, thick / 2, 0))
    return thick


def small_light(
    builder: ShapeBuilder, rng: np.random.Generator, place: Points, size: float, color: Color, style: int
) -> None:
    """One light of a chandelier at ``place``."""
    if style == 0:
        builder.cylinder(size * 0.5, size * 0.12, color, tuple(place), (0, 0, 0), size * 0.7, 10)
        builder.cylinder(size * 0.16, size * 1.1, (240, 236, 224), tuple(place + [0, size * 0.6, 0]), sections=8)
        builder.ball(size * 0.2, BULB, tuple(place + [0, size * 1.35, 0]))
    elif style == 1:
        builder.revolve(
            shell([[size * 0.8, 0], [size * 0.45, size * 1.1]], size * 0.05),
            pick(rng, GLOW)[1],
            tuple(place),
            sections=12,
        )
    elif style == 2:
        builder.ball(size * 0.6, BULB, tuple(place + [0, size * 0.5, 0]))
    else:
        bell = spline([[size * 0.15, 0], [size * 0.5, size * 0.3], [size * 0.7, size * 1.0]], 6)
        builder.revolve(shell(bell, size * 0.05), pick(rng, GLOW)[1], tuple(place), sections=12)


def lantern_head(
    builder: ShapeBuilder, rng: np.random.Generator, radius: float, height: float, base: float, color: Color
) -> None:
    """A lantern's head: glass between posts, a roof and a finial; ``base`` is the height of its floor."""
    sides = int(rng.choice([4, 4, 6, 8]))
    flare = rng.uniform(1.0, 1.5)
    _, glow = pick(rng, GLOW, {"glass": (206, 220, 224)})
    builder.cylinder(
        radius * 0.92,
        height,
        glow,
        (0, base + height / 2, 0),
        (0, 0, 0),
        radius * 0.92 * flare,
        sections=sides,
    )
    builder.add(
        bars(
            ring_points((0, base, 0), radius * 0.95, sides),
            ring_points((0, base + height, 0), radius * 0.95 * flare, sides),
            radius * 0.08,
            5,
        ),
        color,
    )
    builder.cylinder(radius * 1.05, height * 0.08, color, (0, base, 0), sections=sides)
    peak = height * rng.uniform(0.3, 0.7)
    roof: list[list[float]] = [
        [0, 0],
        [radius * flare * 1.2, 0],
        [radius * flare * 0.6, peak * 0.55],
        [radius * 0.2, peak],
        [0, peak],
    ]
    builder.revolve(roof, color, (0, base + height, 0), sections=sides)
    builder.ellipsoid((radius * 0.14, radius * 0.25, radius * 0.14), color, (0, base + height + peak, 0))
