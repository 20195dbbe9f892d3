"""Lamps that hang from the ceiling or the wall."""

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder
from crossmost.sources.shapes.lamp_parts import BULB, GLOW, lampshade, small_light
from crossmost.sources.shapes.palette import (
    METAL,
    PAINT,
    PLASTIC,
    WHITE,
    WOOD,
    pick,
)
from crossmost.sources.shapes.solids import ring_points, shell, spline, sweep, turned


def chandelier(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Several curved arms around a stem, in one or two tiers, with candles, shades or bowls; crystals at times."""
    name, color = pick(rng, METAL, METAL, WOOD)
    reach = rng.uniform(0.25, 0.5)
    drop = rng.uniform(0.2, 0.8)
    builder.rod((0, 0, 0), (0, reach + drop, 0), 0.008, color)
    builder.cylinder(0.06, 0.03, color, (0, reach + drop, 0))
    knots = [
        [0.01, -0.1],
        [rng.uniform(0.02, 0.06), 0],
        [0.015, 0.1],
        [rng.uniform(0.02, 0.05), 0.2],
        [0.01, 0.3],
    ]
    builder.revolve(turned(knots, 18), color, sections=12)
    style = int(rng.integers(4))
    count = int(rng.integers(4, 10))
    sag = rng.uniform(-0.12, 0.3)
    tiers = 2 if rng.random() < 0.3 else 1
    for tier in range(tiers):
        far, level = reach * (1 - 0.4 * tier), reach * 0.6 * tier
        for tip in ring_points((0, level + rng.uniform(0.0, 0.1), 0), far, max(3, count - 2 * tier)):
            out = tip / far * [1, 0, 1]
            path = spline(
                [
                    [0, level + 0.05, 0],
                    out * far * 0.35 + [0, level - sag * reach, 0],
                    out * far * 0.8 + [0, level - sag * reach * 0.9, 0],
                    tip,
                ],
                10,
            )
            builder.add(sweep(path, 0.007, 6), color)
            small_light(builder, rng, tip, reach * rng.uniform(0.16, 0.17), color, style)
    if rng.random() < 0.3:
        places = ring_points((0, 0, 0), reach * 0.85, 20) - [0, 0.06, 0]
        for place in places:
            builder.ball(0.014, (220, 232, 240), place)
    if rng.random() < 0.2:
        builder.torus(reach * 0.75, 0.012, color, (0, 0, 0), (np.pi / 2, 0, 0))
    return name


def pendant(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """One shade, bowl or globe on a cord."""
    _, cord = pick(rng, METAL, PLASTIC)
    radius, drop = rng.uniform(0.12, 0.3), rng.uniform(0.3, 1.2)
    builder.cylinder(0.05, 0.03, cord, (0, drop, 0))
    builder.rod((0, 0, 0), (0, drop, 0), rng.uniform(0.003, 0.012), cord)
    kind = int(rng.integers(4))
    if kind == 0:
        return lampshade(builder, rng, radius, radius * rng.uniform(0.6, 1.3), -radius * 0.9)
    name, color = pick(rng, METAL, PLASTIC, GLOW, PAINT)
    if kind == 1:
        builder.ellipsoid((radius * 0.8, radius * rng.uniform(0.5, 0.9), radius * 0.8), color, (0, -radius * 0.5, 0))
    else:
        deep = radius * rng.uniform(0.4, 1.1)
        outline = spline(
            [
                [radius, -deep],
                [radius * rng.uniform(0.75, 1.0), -deep * 0.6],
                [radius * rng.uniform(0.25, 0.6), -deep * 0.1],
                [0.01, 0.02],
            ],
            10,
        )
        builder.revolve(shell(outline, 0.008), color, sections=26)
        builder.ball(radius * 0.25, BULB, (0, -deep * 0.6, 0))
    return name


def bar_pendant(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """A bar on one or two cords carrying several lights."""
    name, color = pick(rng, METAL, WOOD)
    half, drop = rng.uniform(0.35, 0.7), rng.uniform(0.3, 0.9)
    builder.rod((-half, 0, 0), (half, 0, 0), rng.uniform(0.008, 0.02), color)
    cords = [0.0] if rng.random() < 0.5 else [-half * 0.6, half * 0.6]
    for x in cords:
        builder.rod((x, 0, 0), (0 if rng.random() < 0.3 else x, drop, 0), 0.005, color)
    builder.box((0.12 + cords[-1] * 2.2, 0.03, 0.08), color, (0, drop, 0))
    style = int(rng.integers(1, 4))
    size = rng.uniform(0.06, 0.11)
    for x in np.linspace(-half * 0.9, half * 0.9, int(rng.integers(2, 6))):
        small_light(builder, rng, np.array([x, -size * 1.1, 0]), size, color, style)
        builder.rod((x, 0, 0), (x, -size * 0.4, 0), 0.008, color)
    return name


def ceiling_lamp(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Flat dome or box against the ceiling."""
    name, glow = pick(rng, GLOW, WHITE, METAL)
    _, metal = pick(rng, METAL)
    radius, deep = rng.uniform(0.13, 0.28), rng.uniform(0.04, 0.12)
    stretch = rng.uniform(0.6, 1.0)
    if rng.random() < 0.75:
        rows = spline([[0.01, 0], [radius * 0.7, deep * 0.2], [radius * 0.95, deep]], 8)
        path = np.column_stack([np.zeros(8), rows[:, 1], np.zeros(8)])
        builder.add(sweep(path, rows[:, :1] * [1.0, stretch], 26, side=(1, 0, 0)), glow)
        rim = np.array([[0, deep * 0.9, 0], [0, deep * 1.2, 0]])
        builder.add(sweep(rim, np.array([[1.04, 1.04 * stretch]] * 2) * radius, 26, side=(1, 0, 0)), metal)
    else:
        builder.cushion((2 * radius, deep, 2 * radius * stretch), glow, (0, deep / 2, 0), softness=0.2)
        builder.box((2.1 * radius, deep * 0.3, 2.1 * radius * stretch), metal, (0, deep, 0))
    return name


def wall_light(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Plate on the wall and an arm with one or two shades, or a half bowl."""
    name, color = pick(rng, METAL, WOOD)
    tall = rng.uniform(0.12, 0.3)
    builder.cushion((0.1, tall, 0.025), color, (0, 0, 0), softness=0.3)
    kind = int(rng.integers(3))
    size = rng.uniform(0.06, 0.1)
    if kind == 0:
        for x in [0.0] if rng.random() < 0.5 else [-0.14, 0.14]:
            tip = np.array([x, tall * 0.3, 0.16])
            builder.add(
                sweep(
                    spline([[0, 0, 0], [x * 0.6, -tall * 0.35, 0.1], [x, -tall * 0.1, 0.16], tip], 9),
                    0.007,
                    6,
                ),
                color,
            )
            small_light(builder, rng, tip, size, color, int(rng.integers(4)))
    elif kind == 1:
        bowl = spline([[0.01, -size], [size * 1.2, -size * 0.4], [size * 1.7, size * 0.5]], 8)
        builder.revolve(shell(bowl, 0.006), pick(rng, GLOW, METAL)[1], (0, 0, size * 1.2), sections=20)
    else:
        glow = pick(rng, GLOW)[1]
        for level in np.linspace(-1, 1, int(rng.integers(2, 6))):
            builder.torus(size * 1.1, 0.008, color, (0, level * tall * 0.6, size * 1.2), (np.pi / 2, 0, 0))
        builder.cylinder(size, tall * 1.3, glow, (0, 0, size * 1.2), (0, 0, 0), size * rng.uniform(0.8, 1.3))
    return name
