"""Bottles, flacons, cartons and jugs."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder, SubType
from crossmost.sources.shapes.palette import FABRIC, GLASS, METAL, PAINT, PLASTIC, WHITE, Palette, pick, shade
from crossmost.sources.shapes.solids import Points, loft, rounded_rectangle, spline, sweep

BOTTLE_GLASS: Palette = {
    "dark green": (26, 58, 32),
    "green": (40, 100, 52),
    "brown": (78, 46, 20),
    "black": (24, 22, 24),
    "clear": (206, 220, 222),
    "blue": (40, 66, 140),
}


def _round_bottle(
    rng: np.random.Generator, radius: float, height: float, shoulder: float, neck: float, steep: float
) -> Points:
    """Outside of a round bottle: body up to the share ``shoulder``, then a neck of radius ``neck``."""
    bend = shoulder + (1 - shoulder) * (1 - steep)
    points = [
        [radius * 0.93, 0],
        [radius, height * 0.02],
        [radius, height * shoulder * 0.5],
        [radius, height * shoulder],
        [radius * 0.72 + neck * 0.28, height * (shoulder * 0.55 + bend * 0.45)],
        [neck * 1.05, height * bend],
        [neck, height],
    ]
    curve = spline(points, 26)
    curve[:, 0] = np.clip(curve[:, 0], neck * 0.9, radius * 1.01)
    return curve


def _closed(profile: Points) -> Points:
    return np.vstack([[0, profile[0, 1]], profile, [0, profile[-1, 1]]])


def _label(rng: np.random.Generator, builder: ShapeBuilder, profile: Points, low: float, high: float) -> None:
    """A paper band around the body between two heights, often with a stripe on it."""
    _, color = pick(rng, WHITE, WHITE, FABRIC, PAINT)
    levels = np.linspace(low, high, 8)
    radii = np.interp(levels, profile[:, 1], profile[:, 0]) * 1.012
    builder.revolve(_closed(np.column_stack([radii, levels])), color)
    if rng.random() < 0.6:
        _, stripe = pick(rng, PLASTIC)
        center = low + (high - low) * rng.uniform(0.25, 0.75)
        half = (high - low) * rng.uniform(0.06, 0.2)
        levels = np.linspace(center - half, center + half, 4)
        radii = np.interp(levels, profile[:, 1], profile[:, 0]) * 1.022
        builder.revolve(_closed(np.column_stack([radii, levels])), stripe)


def _cap(
    rng: np.random.Generator, builder: ShapeBuilder, radius: float, low: float, height: float, color: Color
) -> None:
    """A screw cap, ribbed or not, on top of ``low``."""
    sections = int(rng.choice([8, 16, 24]))
    builder.cylinder(
        radius, height, color, (0, low + height / 2, 0), (0, 0, 0), radius * rng.uniform(0.85, 1.0), sections
    )
    if rng.random() < 0.4:
        builder.cylinder(radius * 1.08, height * 0.2, shade(color, 0.8), (0, low + height * 0.1, 0))


def _panel(
    rng: np.random.Generator,
    builder: ShapeBuilder,
    shape: Points,
    height: float,
    axes: tuple[float, float],
    power: float,
) -> None:
    """A printed band around a swept body whose (scale, height share) profile is ``shape``."""
    levels = np.linspace(rng.uniform(0.1, 0.25), rng.uniform(0.4, 0.6), 6)
    scale = np.interp(levels, shape[:, 1], shape[:, 0]) * 1.015
    path = np.column_stack([np.zeros(6), levels * height, np.zeros(6)])
    builder.add(sweep(path, scale[:, None] * axes, 20, side=(1, 0, 0), power=power), pick(rng, WHITE, FABRIC)[1])


def wine_bottle(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Bordeaux, Burgundy or champagne silhouette with foil and label."""
    name, color = pick(rng, BOTTLE_GLASS)
    radius, height = rng.uniform(0.034, 0.044), rng.uniform(0.28, 0.33)
    neck = rng.uniform(0.012, 0.015)
    shoulder = rng.uniform(0.45, 0.66)
    profile = _round_bottle(rng, radius, height, shoulder, neck, rng.uniform(0.25, 0.75))
    builder.revolve(_closed(profile), color)
    _, foil = pick(rng, FABRIC, METAL, PLASTIC)
    start = height * rng.uniform(0.72, 0.86)
    levels = np.linspace(start, height * 1.005, 6)
    builder.revolve(_closed(np.column_stack([np.interp(levels, profile[:, 1], profile[:, 0]) * 1.07, levels])), foil)
    builder.cylinder(neck * 1.2, height * 0.02, foil if rng.random() < 0.5 else color, (0, height * 0.965, 0))
    low = height * rng.uniform(0.08, 0.16)
    _label(rng, builder, profile, low, low + height * rng.uniform(0.18, 0.3))
    if rng.random() < 0.3:
        _label(rng, builder, profile, height * 0.68, height * 0.73)
    return name


def beer_bottle(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Long-neck or stubby bottle with a crown cap."""
    name, color = pick(rng, {key: BOTTLE_GLASS[key] for key in ("brown", "green", "dark green", "clear")})
    radius, height = rng.uniform(0.029, 0.036), rng.uniform(0.19, 0.26)
    neck = rng.uniform(0.012, 0.015)
    profile = _round_bottle(rng, radius, height, rng.uniform(0.45, 0.62), neck, rng.uniform(0.1, 0.6))
    builder.revolve(_closed(profile), color)
    _, cap = pick(rng, METAL, PLASTIC)
    builder.cylinder(neck * 1.25, height * 0.025, cap, (0, height * 1.005, 0), (0, 0, 0), neck * 1.05, 14)
    builder.cylinder(neck * 1.15, height * 0.02, color, (0, height * 0.97, 0))
    _label(rng, builder, profile, height * rng.uniform(0.08, 0.14), height * rng.uniform(0.32, 0.44))
    if rng.random() < 0.5:
        _label(rng, builder, profile, height * 0.72, height * 0.82)
    return name


def water_bottle(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Ribbed plastic water bottle."""
    name, color = pick(rng, GLASS, {"light blue": (170, 206, 232), "clear": (222, 232, 236)})
    radius, height = rng.uniform(0.03, 0.042), rng.uniform(0.19, 0.31)
    neck = rng.uniform(0.011, 0.015)
    profile = _round_bottle(rng, radius, height, rng.uniform(0.6, 0.76), neck, rng.uniform(0.3, 0.6))
    waves = 1 - rng.uniform(0.01, 0.05) * (np.sin(profile[:, 1] / height * rng.uniform(30, 90)) > 0)
    profile[2:16, 0] *= waves[2:16]
    builder.revolve(_closed(profile), color)
    _cap(
        rng,
        builder,
        neck * rng.uniform(1.05, 1.3),
        height * 0.98,
        height * rng.uniform(0.05, 0.08),
        pick(rng, PLASTIC)[1],
    )
    if rng.random() < 0.8:
        _label(rng, builder, profile, height * rng.uniform(0.25, 0.35), height * rng.uniform(0.42, 0.58))
    return name


def soda_bottle(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Waisted soda bottle with a bright label and cap."""
    name, color = pick(
        rng,
        {
            "dark brown": (48, 26, 18),
            "orange": (236, 130, 40),
            "green": (60, 140, 70),
            "clear": (220, 230, 232),
        },
        PLASTIC,
    )
    radius, height = rng.uniform(0.03, 0.045), rng.uniform(0.19, 0.32)
    neck = rng.uniform(0.011, 0.014)
    waist = rng.uniform(0.78, 0.95)
    profile = spline(
        [
            [radius * 0.8, 0],
            [radius, height * 0.1],
            [radius * waist, height * rng.uniform(0.25, 0.4)],
            [radius, height * 0.56],
            [radius * 0.72, height * 0.74],
            [neck, height * 0.92],
            [neck, height],
        ],
        26,
    )
    builder.revolve(_closed(profile), color)
    _cap(rng, builder, neck * 1.2, height * 0.98, height * 0.06, pick(rng, PLASTIC)[1])
    _label(rng, builder, profile, height * rng.uniform(0.36, 0.42), height * rng.uniform(0.55, 0.62))
    return name


def milk_carton(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Gable-top or brick carton with a cap and printed panels."""
    name, color = pick(rng, WHITE, WHITE, PLASTIC, FABRIC)
    half, height = rng.uniform(0.032, 0.05), rng.uniform(0.15, 0.23)
    deep = half * rng.uniform(0.75, 1.0)
    builder.box((2 * half, height, 2 * deep), color, (0, height / 2, 0))
    cap = pick(rng, PLASTIC)[1]
    if rng.random() < 0.75:
        rise = deep * rng.uniform(0.8, 1.25)
        gable = np.array(
            [
                [deep, 0],
                [0.002, rise],
                [0.002, rise + 0.018],
                [-0.002, rise + 0.018],
                [-0.002, rise],
                [-deep, 0],
            ]
        )
        builder.extrude(gable.tolist(), 2 * half, color, (0, height, 0), (0, np.pi / 2, 0))
        tilt = np.arctan2(rise, deep)
        if rng.random() < 0.75:
            builder.cylinder(half * 0.38, 0.016, cap, (0, height + rise * 0.55, deep * 0.5), (np.pi / 2 - tilt, 0, 0))
    else:
        builder.cylinder(half * 0.35, 0.014, cap, (half * 0.3, height + 0.006, deep * 0.3))
    _, ink = pick(rng, PLASTIC, FABRIC)
    for _ in range(int(rng.integers(1, 7))):
        width, tall = half * rng.uniform(0.5, 1.7), height * rng.uniform(0.03, 0.12)
        y = rng.uniform(0.1, 0.9) * height
        builder.box((width, tall, 2 * deep + 0.002), ink, (0, y, 0), (0, 0, rng.uniform(-0.2, 0.2)))
        builder.box((2 * half + 0.002, tall, deep), ink, (0, y, 0))
    if rng.random() < 0.5:
        builder.box((2 * half + 0.003, height * 0.2, 2 * deep + 0.003), ink, (0, height * rng.uniform(0.1, 0.8), 0))
    return name


def milk_bottle(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """White milk or yogurt bottle with a wide neck, or a baby bottle with its teat."""
    name, color = pick(rng, WHITE, GLASS)
    radius, height = rng.uniform(0.028, 0.042), rng.uniform(0.14, 0.23)
    neck = radius * rng.uniform(0.5, 0.75)
    waist = rng.uniform(0.82, 1.0)
    profile = spline(
        [
            [radius * 0.92, 0],
            [radius, height * 0.06],
            [radius * waist, height * rng.uniform(0.3, 0.5)],
            [radius * rng.uniform(0.9, 1.0), height * 0.68],
            [neck, height * 0.88],
            [neck, height],
        ],
        24,
    )
    builder.revolve(_closed(profile), color)
    _, cap = pick(rng, PLASTIC)
    _cap(rng, builder, neck * 1.12, height * 0.95, height * rng.uniform(0.08, 0.14), cap)
    if rng.random() < 0.35:
        teat = spline([[neck, 0], [neck * 0.8, 0.012], [neck * 0.35, 0.02], [neck * 0.33, 0.035], [0.001, 0.044]], 12)
        builder.revolve(_closed(teat), (222, 204, 170), (0, height * 1.05, 0))
    elif rng.random() < 0.6:
        _label(rng, builder, profile, height * 0.25, height * rng.uniform(0.4, 0.6))
    return name


def perfume_flacon(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Small flat, square or waisted perfume flacon with a large stopper."""
    name, color = pick(rng, GLASS, PLASTIC, METAL, BOTTLE_GLASS)
    height = rng.uniform(0.06, 0.14)
    wide, deep = height * rng.uniform(0.18, 0.45), height * rng.uniform(0.12, 0.25)
    levels = np.linspace(0, 1, 5)
    bulge = spline(
        np.column_stack([np.concatenate([[rng.uniform(0.6, 1.1)], rng.uniform(0.5, 1.1, 3), [0.35]]), levels]),
        14,
    )
    if rng.random() < 0.4:
        bulge[:, 0] = np.where(bulge[:, 1] < 0.95, 1.0, 0.4)
    power = float(rng.choice([2.0, 2.0, 6.0]))
    path = np.column_stack([np.zeros(14), bulge[:, 1] * height, np.zeros(14)])
    builder.add(sweep(path, bulge[:, :1] * [wide, deep], 20, side=(1, 0, 0), power=power), color)
    _, metal = pick(rng, METAL, PLASTIC)
    neck = min(wide, deep) * 0.4
    builder.cylinder(neck, height * 0.08, metal, (0, height * 1.03, 0))
    size = height * rng.uniform(0.1, 0.2)
    stopper = int(rng.integers(3))
    if stopper == 0:
        builder.ellipsoid((size * 0.7, size, size * 0.7), metal, (0, height * 1.05 + size, 0))
    elif stopper == 1:
        builder.box((size * 1.2, size * 1.5, size), metal, (0, height * 1.05 + size * 0.75, 0))
    else:
        builder.cylinder(size * 0.7, size * 1.8, metal, (0, height * 1.05 + size * 0.9, 0), (0, 0, 0), size * 0.8)
    if rng.random() < 0.4:
        _panel(rng, builder, bulge, height, (wide, deep), power)
    return name


def spray_bottle(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Household spray bottle with a trigger."""
    name, color = pick(rng, PLASTIC, WHITE)
    height = rng.uniform(0.16, 0.22)
    wide, deep = rng.uniform(0.035, 0.05), rng.uniform(0.025, 0.045)
    shape = spline([[0.95, 0], [1, 0.1], [rng.uniform(0.8, 1), 0.4], [0.9, 0.62], [0.35, 0.88], [0.28, 1]], 18)
    path = np.column_stack([np.zeros(18), shape[:, 1] * height, np.zeros(18)])
    builder.add(sweep(path, shape[:, :1] * [deep, wide], 20, side=(1, 0, 0)), color)
    _, head = pick(rng, WHITE, PLASTIC)
    builder.cylinder(wide * 0.38, height * 0.1, head, (0, height * 1.03, 0), sections=16)
    side = np.array([[-0.4, 0], [0.35, 0], [0.4, 0.55], [1.5, 0.7], [1.5, 1.05], [0.2, 1.2], [-0.9, 1.0], [-0.8, 0.75]])
    scale = wide * rng.uniform(0.8, 1.1)
    builder.extrude((side * scale).tolist(), wide * 0.55, head, (0, height * 1.07, 0), (0, -np.pi / 2, 0))
    trigger = spline([[0, 0.7, 0.6], [0, 0.3, 0.85], [0, -0.2, 0.8], [0, -0.5, 1.1]], 8) * scale
    builder.add(
        sweep(trigger + [0, height * 1.07, 0], 0.12 * scale),
        shade(head, 0.8) if rng.random() < 0.5 else pick(rng, PLASTIC)[1],
    )
    if rng.random() < 0.7:
        _panel(rng, builder, shape, height, (deep, wide), 2.0)
    return name


def medicine_bottle(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Straight bottle with a short shoulder: medicine, shampoo, glue."""
    name, color = pick(rng, WHITE, PLASTIC, BOTTLE_GLASS, METAL)
    height = rng.uniform(0.08, 0.2)
    radius = height * rng.uniform(0.18, 0.36)
    neck = radius * rng.uniform(0.35, 0.65)
    shoulder = rng.uniform(0.68, 0.85)
    profile = np.vstack(
        [
            [[radius * 0.95, 0], [radius, height * 0.02], [radius, height * shoulder]],
            spline(
                [
                    [radius, height * shoulder],
                    [radius * 0.85, height * (shoulder + 0.07)],
                    [neck, height * 0.95],
                ],
                8,
            ),
            [[neck, height]],
        ]
    )
    if rng.random() < 0.35:
        outline = rounded_rectangle(1.0, rng.uniform(0.5, 0.8), 0.3)
        rings = [np.column_stack([outline[:, 0] * r, np.full(16, y), outline[:, 1] * r]) for r, y in profile]
        builder.add(loft(rings), color)
    else:
        builder.revolve(_closed(profile), color)
        _label(rng, builder, profile, height * rng.uniform(0.08, 0.2), height * rng.uniform(0.45, 0.64))
    _, cap = pick(rng, PLASTIC, WHITE)
    tall = height * rng.uniform(0.1, 0.22)
    _cap(rng, builder, neck * rng.uniform(1.1, 1.4), height * 0.95, tall, cap)
    if rng.random() < 0.3:
        builder.cylinder(neck * 0.8, tall, cap, (0, height * 0.95 + tall * 1.4, 0), (0, 0, 0), neck * 0.4)
    return name


def jug(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Jug-like bottle with a side handle: detergent, syrup, oil."""
    name, color = pick(rng, PLASTIC, WHITE, BOTTLE_GLASS)
    height = rng.uniform(0.2, 0.32)
    wide, deep = height * rng.uniform(0.22, 0.32), height * rng.uniform(0.15, 0.28)
    shape = spline([[0.9, 0], [1, 0.06], [1, 0.5], [0.85, 0.68], [0.35, 0.9], [0.28, 1]], 18)
    power = float(rng.choice([2.0, 4.0]))
    path = np.column_stack([np.zeros(18), shape[:, 1] * height, np.zeros(18)])
    builder.add(sweep(path, shape[:, :1] * [wide, deep], 20, side=(1, 0, 0), power=power), color)
    loop = spline(
        [
            [wide * 0.3, height * 0.9],
            [wide * 1.05, height * 0.88],
            [wide * 1.15, height * 0.7],
            [wide * 0.9, height * 0.5],
        ],
        10,
    )
    builder.add(sweep(np.column_stack([loop, np.zeros(10)]), height * 0.035), color)
    _cap(
        rng,
        builder,
        wide * 0.34,
        height * 0.98,
        height * rng.uniform(0.06, 0.12),
        pick(rng, PLASTIC, METAL)[1],
    )
    if rng.random() < 0.7:
        _panel(rng, builder, shape, height, (wide, deep), power)
    return name


SUB_TYPES: dict[str, SubType] = {
    "wine bottle": wine_bottle,
    "beer bottle": beer_bottle,
    "water bottle": water_bottle,
    "soda bottle": soda_bottle,
    "milk carton": milk_carton,
    "milk bottle": milk_bottle,
    "perfume flacon": perfume_flacon,
    "spray bottle": spray_bottle,
    "medicine bottle": medicine_bottle,
    "jug bottle": jug,
}
