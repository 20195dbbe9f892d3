"""Lamps of the street and the garden, and lanterns."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder
from crossmost.sources.shapes.lamp_parts import BULB, GLOW, lantern_head
from crossmost.sources.shapes.palette import (
    FABRIC,
    METAL,
    PAINT,
    STONE,
    pick,
    shade,
)
from crossmost.sources.shapes.solids import bars, ring_points, shell, spline, sweep, turned


def street_lamp(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tall pole with one or two arms and flat or bowl-shaped heads."""
    name, color = pick(rng, METAL, PAINT)
    height = rng.uniform(3.5, 8)
    thick = rng.uniform(0.04, 0.08)
    builder.cylinder(thick * 1.8, height * 0.06, color, (0, height * 0.03, 0))
    builder.taper((0, 0, 0), (0, height, 0), thick, thick * 0.6, color)
    reach, rise = height * rng.uniform(0.05, 0.28), height * rng.uniform(-0.02, 0.08)
    kind = int(rng.integers(3))
    for side in (1.0, -1.0)[: int(rng.integers(1, 3))]:
        end = np.array([side * reach, height + rise, 0])
        builder.add(
            sweep(
                spline([[0, height * 0.97, 0], [side * reach * 0.4, height + rise, 0], end], 8),
                thick * 0.5,
                7,
            ),
            color,
        )
        size = rng.uniform(0.2, 0.4)
        if kind == 0:
            builder.ellipsoid((size, size * 0.25, size * 0.4), color, tuple(end + [side * size * 0.6, 0, 0]))
            builder.ellipsoid(
                (size * 0.7, size * 0.2, size * 0.3), BULB, tuple(end + [side * size * 0.6, -size * 0.12, 0])
            )
        elif kind == 1:
            builder.box((size * 2, size * 0.25, size * 0.7), color, tuple(end + [side * size * 0.8, 0, 0]))
        else:
            outline = [[size * 0.8, -size * 0.5], [size * 0.5, -size * 0.1], [size * 0.1, 0.02]]
            builder.revolve(shell(outline, 0.02), color, tuple(end), sections=18)
            builder.ball(size * 0.4, BULB, tuple(end - [0, size * 0.3, 0]))
    return name


def park_lamp(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Post with a lantern, a globe or a flat hood."""
    name, color = pick(rng, METAL, PAINT)
    height, thick = rng.uniform(0.8, 3.5), rng.uniform(0.03, 0.06)
    builder.revolve(
        turned(
            [
                [thick * 2.4, 0],
                [thick * 2, height * 0.08],
                [thick, height * 0.14],
                [thick * 0.9, height * 0.5],
                [thick * 0.7, height],
            ],
            14,
        ),
        color,
        sections=10,
    )
    for _ in range(int(rng.integers(0, 3))):
        builder.cylinder(thick * 1.5, thick * 0.6, color, (0, height * rng.uniform(0.2, 0.95), 0))
    size = rng.uniform(0.12, 0.2)
    kind = int(rng.integers(4))
    if kind <= 1:
        lantern_head(builder, rng, size * 0.8, size * rng.uniform(1.5, 2.5), height, color)
    elif kind == 2:
        arms = int(rng.integers(1, 4))
        for x in np.linspace(-1, 1, arms) * size * 2 if arms > 1 else [0.0]:
            builder.rod((0, height * 0.93, 0), (x, height, 0), thick * 0.5, color)
            builder.ellipsoid((size, size, size), pick(rng, GLOW)[1], (x, height + size * 0.9, 0))
    else:
        builder.cylinder(size * 0.7, size * 1.2, pick(rng, GLOW)[1], (0, height + size * 0.6, 0))
        builder.cylinder(
            size * 1.5,
            size * 0.3,
            color,
            (0, height + size * 1.3, 0),
            (0, 0, 0),
            size * rng.uniform(0.3, 1.3),
        )
    return name


def lantern(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Hanging or hand lantern, camping lamp, paper lantern."""
    name, color = pick(rng, METAL, PAINT, FABRIC)
    kind = int(rng.integers(3))
    if kind == 0:
        radius, height = rng.uniform(0.08, 0.14), rng.uniform(0.18, 0.32)
        lantern_head(builder, rng, radius, height, 0.02, color)
        top = height * 1.5
        if rng.random() < 0.5:
            for index in range(int(rng.integers(5, 12))):
                builder.torus(0.014, 0.004, color, (0, top + 0.022 * index, 0), (0, np.pi / 2 * (index % 2), 0))
        else:
            builder.torus(radius * 0.6, 0.006, color, (0, top + radius * 0.5, 0))
    elif kind == 1:
        radius, height = rng.uniform(0.07, 0.1), rng.uniform(0.2, 0.3)
        _, glow = pick(rng, GLOW, {"glass": (206, 220, 224)})
        builder.revolve(
            turned(
                [
                    [radius, 0],
                    [radius * 1.05, height * 0.15],
                    [radius * 0.7, height * 0.3],
                    [radius * 0.75, height * 0.4],
                ],
                14,
            ),
            color,
        )
        builder.revolve(
            turned(
                [
                    [radius * 0.65, height * 0.4],
                    [radius * 0.95, height * 0.55],
                    [radius * 0.7, height * 0.82],
                ],
                12,
            ),
            glow,
        )
        builder.revolve(
            [
                [0, height * 0.82],
                [radius * 1.05, height * 0.82],
                [radius * 0.8, height * 0.95],
                [radius * 0.3, height],
                [0, height],
            ],
            color,
        )
        handle = np.linspace(0, np.pi, 12)
        arc = np.column_stack([radius * np.cos(handle), height * 0.9 + radius * 1.1 * np.sin(handle), np.zeros(12)])
        builder.add(sweep(arc, 0.004, 6), color)
    else:
        name, glow = pick(rng, GLOW, FABRIC)
        radius, height = rng.uniform(0.1, 0.25), rng.uniform(0.25, 0.6)
        barrel = rng.uniform(0.5, 1.0)
        share = np.linspace(0, 1, 25)
        swell = radius * (barrel + (1 - barrel) * np.sin(np.pi * share)) * (1 - 0.03 * (np.arange(25) % 2))
        builder.revolve(np.vstack([[0, 0], np.column_stack([swell, share * height]), [0, height]]), glow, sections=24)
        for y in (0.0, height):
            builder.cylinder(radius * barrel * 1.03, height * 0.06, shade(color, 0.4), (0, y, 0), sections=24)
    return name


def stone_lantern(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Japanese garden lantern: pedestal or legs, light box, wide roof."""
    name, color = pick(rng, {key: STONE[key] for key in ("stone", "granite", "concrete", "marble")})
    wide = rng.uniform(0.15, 0.3)
    sides = int(rng.choice([4, 6, 8, 20]))
    level = rng.uniform(0.3, 1.2)
    if rng.random() < 0.5:
        builder.cylinder(wide * 0.9, 0.08, color, (0, 0.04, 0), sections=sides)
        builder.cylinder(
            wide * rng.uniform(0.35, 0.55),
            level,
            color,
            (0, level / 2, 0),
            (0, 0, 0),
            wide * rng.uniform(0.3, 0.5),
            sides,
        )
    else:
        level *= 0.5
        for foot in ring_points((0, 0, 0), wide * 1.1, int(rng.integers(3, 5))):
            path = spline([foot, foot * 0.85 + [0, level * 0.5, 0], foot * 0.4 + [0, level, 0]], 6)
            builder.add(sweep(path, wide * 0.2, 8), color)
    builder.cylinder(wide * 0.5, 0.08, color, (0, level, 0), (0, 0, 0), wide * 0.85, sides)
    box = wide * rng.uniform(0.7, 1.2)
    builder.cylinder(
        wide * 0.5,
        box,
        (70, 66, 60) if rng.random() < 0.5 else shade(color, 0.8),
        (0, level + box / 2, 0),
        sections=sides,
    )
    builder.add(
        bars(
            ring_points((0, level, 0), wide * 0.58, sides),
            ring_points((0, level + box, 0), wide * 0.58, sides),
            wide * 0.1,
            4,
        ),
        color,
    )
    peak = wide * rng.uniform(0.5, 1.0)
    for tier in range(int(rng.integers(1, 3))):
        y = level + box + tier * peak * 0.9
        span = wide * rng.uniform(1.1, 1.6) * (1 - 0.3 * tier)
        builder.revolve(
            [
                [0, y],
                [span, y],
                [span, y + 0.03],
                [span * 0.5, y + peak * 0.55],
                [span * 0.15, y + peak],
                [0, y + peak],
            ],
            color,
            sections=sides,
        )
    builder.ellipsoid((wide * 0.16, wide * 0.28, wide * 0.16), color, (0, y + peak * 1.1, 0))
    return name


def porch_light(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Lantern on a scrolled wall bracket."""
    name, color = pick(rng, METAL)
    radius, height = rng.uniform(0.07, 0.11), rng.uniform(0.16, 0.28)
    lantern_head(builder, rng, radius, height, 0.0, color)
    top = height * 1.5
    out = -radius * rng.uniform(2.0, 2.8)
    builder.cushion((0.1, height * rng.uniform(0.7, 1.2), 0.03), color, (0, height * 0.7, out), softness=0.4)
    if rng.random() < 0.7:
        path = [
            [0, top, 0],
            [0, top + radius, out * 0.4],
            [0, top + radius * 0.8, out * 0.9],
            [0, height * 0.8, out],
        ]
    else:
        path = [[0, 0.0, 0], [0, -radius * 0.7, out * 0.4], [0, 0.0, out * 0.8], [0, height * 0.6, out]]
    builder.add(sweep(spline(path, 16), 0.009, 6), color)
    if rng.random() < 0.5:
        builder.torus(radius * 0.5, 0.008, color, (0, top * 0.9, out * 0.8), (0, np.pi / 2, 0))
    return name
