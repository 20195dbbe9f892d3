"""Lamps of every room, garden and street."""

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder, SubType
from crossmost.sources.shapes.lamp_hung import bar_pendant, ceiling_lamp, chandelier, pendant, wall_light
from crossmost.sources.shapes.lamp_outdoor import lantern, park_lamp, porch_light, stone_lantern, street_lamp
from crossmost.sources.shapes.lamp_parts import BULB, GLOW, lamp_foot, lampshade
from crossmost.sources.shapes.palette import (
    FABRIC,
    METAL,
    PAINT,
    PLASTIC,
    STONE,
    WOOD,
    pick,
    shade,
)
from crossmost.sources.shapes.solids import bars, ring_points, shell, spline, sweep, turned


def floor_lamp(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Standing lamp: a pole or tripod under a shade, with a small table at times; or an uplighter."""
    _, metal = pick(rng, METAL, WOOD)
    height = rng.uniform(1.3, 1.9)
    radius, tall = rng.uniform(0.15, 0.27), rng.uniform(0.2, 0.42)
    pole = height - tall * 0.8
    thick = rng.uniform(0.009, 0.025)
    if rng.random() < 0.2:
        hub = np.array([0, pole * rng.uniform(0.75, 1.0), 0])
        for foot in ring_points((0, 0, 0), rng.uniform(0.22, 0.38), 3):
            builder.taper(foot, tuple(hub), thick, thick * 1.3, metal)
        builder.rod(tuple(hub), (0, pole + tall * 0.4, 0), thick, metal)
    else:
        low = lamp_foot(builder, rng, rng.uniform(0.12, 0.2), metal)
        builder.rod((0, low * 0.5, 0), (0, pole + tall * 0.3, 0), thick, metal)
        for _ in range(int(rng.integers(0, 4))):
            builder.ellipsoid(
                (thick * 2, thick * rng.uniform(1, 3), thick * 2),
                metal,
                (0, pole * rng.uniform(0.1, 0.95), 0),
            )
    if rng.random() < 0.25:
        level, size = pole * rng.uniform(0.35, 0.55), rng.uniform(0.15, 0.24)
        if rng.random() < 0.5:
            builder.cylinder(size, 0.02, pick(rng, WOOD)[1], (0, level, 0), sections=24)
        else:
            builder.box((2 * size, 0.02, 2 * size), pick(rng, WOOD)[1], (0, level, 0))
    if rng.random() < 0.2:
        bowl = spline([[0.02, pole], [radius * 0.7, pole + tall * 0.15], [radius, pole + tall * 0.45]], 8)
        builder.revolve(shell(bowl, 0.01), pick(rng, METAL, GLOW)[1], sections=24)
        return pick(rng, METAL)[0]
    return lampshade(builder, rng, radius, tall, pole)


def arc_lamp(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Heavy foot and a long arc with a hanging dome."""
    name, metal = pick(rng, METAL, PAINT)
    height, reach = rng.uniform(1.5, 2.2), rng.uniform(0.6, 1.5)
    low = lamp_foot(builder, rng, rng.uniform(0.15, 0.24), metal if rng.random() < 0.5 else pick(rng, STONE)[1])
    drop = height * rng.uniform(0.72, 0.9)
    path = spline([[0, low, 0], [reach * 0.03, height * 0.6, 0], [reach * 0.45, height, 0], [reach, drop, 0]], 22)
    builder.add(sweep(path, rng.uniform(0.008, 0.016), 8), metal)
    radius = rng.uniform(0.12, 0.22)
    dome = spline([[radius, -radius * 0.8], [radius * 0.9, -radius * 0.3], [radius * 0.5, 0], [0.02, radius * 0.12]], 9)
    builder.revolve(
        shell(dome, 0.008),
        metal if rng.random() < 0.6 else pick(rng, PLASTIC)[1],
        (reach, drop, 0),
        (0, 0, rng.uniform(-0.3, 0.3)),
        24,
    )
    builder.ball(radius * 0.35, BULB, (reach, drop - radius * 0.4, 0))
    return name


def table_lamp(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Turned, vase-like or stacked body under a shade."""
    name, color = pick(rng, WOOD, METAL, PAINT, PLASTIC, STONE)
    height = rng.uniform(0.18, 0.4)
    wide = height * rng.uniform(0.15, 0.4)
    low = lamp_foot(
        builder,
        rng,
        max(wide * rng.uniform(0.7, 1.2), height * 0.16),
        color if rng.random() < 0.6 else pick(rng, WOOD, METAL)[1],
    )
    kind = int(rng.integers(4))
    if kind == 0:
        count = int(rng.integers(3, 7))
        size = (height - low) / count
        for index in range(count):
            builder.ellipsoid(
                (size * rng.uniform(0.45, 0.7), size * 0.52, size * 0.6),
                color,
                (0, low + size * (index + 0.5), 0),
            )
    elif kind == 1:
        knots = [[wide * rng.uniform(0.2, 1.0), low + (height - low) * share] for share in (0, 0.25, 0.5, 0.75)]
        builder.revolve(turned([*knots, [wide * 0.15, height]], 20), color, sections=int(rng.choice([8, 22, 22])))
    elif kind == 2:
        bulge = rng.uniform(0.2, 0.5)
        builder.revolve(
            turned(
                [
                    [wide * 0.4, low],
                    [wide, low + (height - low) * bulge],
                    [wide * 0.25, low + (height - low) * 0.85],
                    [wide * 0.2, height],
                ],
                18,
            ),
            color,
        )
    else:
        builder.rod((0, 0, 0), (0, height, 0), wide * rng.uniform(0.08, 0.25), color)
        if rng.random() < 0.5:
            builder.ball(wide * 0.3, color, (0, height * rng.uniform(0.3, 0.8), 0))
    radius = height * rng.uniform(0.4, 0.75)
    shaded = lampshade(builder, rng, radius, height * rng.uniform(0.45, 0.95), height * rng.uniform(0.95, 1.05))
    builder.rod((0, height * 0.9, 0), (0, height * 1.2, 0), wide * 0.1, color)
    return shaded if rng.random() < 0.6 else name


def glow_lamp(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Luminous body: a mushroom dome on a foot, a glass ball, a paper column."""
    name, glow = pick(rng, GLOW, FABRIC)
    _, metal = pick(rng, METAL, WOOD, PLASTIC)
    height, radius = rng.uniform(0.25, 0.6), rng.uniform(0.09, 0.17)
    kind = int(rng.integers(3))
    low = lamp_foot(builder, rng, radius * rng.uniform(0.6, 0.9), metal)
    if kind == 0:
        builder.revolve(
            turned([[radius * 0.3, low], [radius * 0.2, height * 0.4], [radius * 0.22, height * 0.7]], 8),
            metal,
        )
        dome = spline(
            [
                [radius * 1.4, height * 0.62],
                [radius * 1.25, height * 0.8],
                [radius * 0.7, height * 0.96],
                [0.003, height],
            ],
            10,
        )
        builder.revolve(shell(dome, 0.006), glow, sections=26)
    elif kind == 1:
        builder.rod((0, 0, 0), (0, height * 0.5, 0), radius * 0.15, metal)
        builder.ellipsoid((radius, radius * rng.uniform(0.8, 1.3), radius), glow, (0, height * 0.5 + radius * 0.6, 0))
    else:
        sections = int(rng.choice([4, 24]))
        builder.rod((0, 0, 0), (0, height * 0.4, 0), radius * 0.1, metal)
        builder.cylinder(radius * 0.6, height * 0.75, glow, (0, height * 0.6, 0), sections=sections)
    return name


def desk_lamp(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Jointed, bowed or goose-neck arm with a small reflector."""
    name, color = pick(rng, METAL, PLASTIC, PAINT)
    low = lamp_foot(builder, rng, rng.uniform(0.07, 0.12), color if rng.random() < 0.7 else pick(rng, METAL)[1])
    reach, high = rng.uniform(0.12, 0.4), rng.uniform(0.3, 0.55)
    thick = rng.uniform(0.006, 0.012)
    kind = int(rng.integers(3))
    elbow = np.array([rng.uniform(-0.6, 0.1) * reach, high * rng.uniform(0.6, 1.0), 0])
    tip = np.array([reach, high * rng.uniform(0.75, 1.0), 0])
    root = np.array([-0.02, low, 0])
    if kind == 0:
        for shift in ((0.0, 0.0, 0.012), (0.0, 0.0, -0.012)) if rng.random() < 0.5 else ((0.0, 0.0, 0.0),):
            builder.add(bars([root + shift, elbow + shift], [elbow + shift, tip + shift], thick, 8), color)
        for joint in (root, elbow):
            builder.cylinder(thick * 2.2, 0.04, shade(color, 0.6), tuple(joint), (np.pi / 2, 0, 0), sections=12)
    else:
        middle = elbow if kind == 1 else np.array([-0.3 * reach, high * 0.6, 0])
        builder.add(
            sweep(
                spline([root, middle * 0.7 + root * 0.3, (middle + tip) / 2 + [0, high * 0.15, 0], tip], 18),
                thick,
                8,
            ),
            color,
        )
    head = rng.uniform(0.05, 0.09)
    tilt = rng.uniform(0.1, 1.0)
    _, cap = (name, color) if rng.random() < 0.7 else pick(rng, PLASTIC, METAL)
    outline = spline([[head, -head * 1.1], [head * 0.85, -head * 0.4], [head * 0.35, 0.0], [head * 0.3, head * 0.5]], 9)
    if rng.random() < 0.2:
        builder.cushion((head * 3.5, head * 0.4, head * 0.9), cap, tuple(tip), (0, 0, -0.1), softness=0.3)
    else:
        builder.revolve(shell(outline, 0.005), cap, tuple(tip), (0, 0, tilt), 20)
        builder.cylinder(
            head * 0.3, 0.01, cap, tuple(tip + np.array([-np.sin(tilt), np.cos(tilt), 0]) * head * 0.5), (0, 0, tilt)
        )
        builder.ball(head * 0.4, BULB, tuple(tip + np.array([np.sin(tilt), -np.cos(tilt), 0]) * head * 0.5))
    return name


SUB_TYPES: dict[str, SubType] = {
    "floor lamp": floor_lamp,
    "arc lamp": arc_lamp,
    "table lamp": table_lamp,
    "glowing table lamp": glow_lamp,
    "desk lamp": desk_lamp,
    "chandelier": chandelier,
    "hanging light": pendant,
    "pendant lamp with several lights": bar_pendant,
    "ceiling lamp": ceiling_lamp,
    "street lamp": street_lamp,
    "park lamp": park_lamp,
    "lantern": lantern,
    "stone lantern": stone_lantern,
    "wall light": wall_light,
    "porch light": porch_light,
}
