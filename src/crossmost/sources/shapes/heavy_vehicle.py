"""Vans, buses and trucks. The front faces +z."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.car_parts import DARK, RED_LIGHT, add_wheels
from crossmost.sources.shapes.palette import GLASS, METAL, PAINT, pick, shade
from crossmost.sources.shapes.solids import loft


def _slab(
    builder: ShapeBuilder,
    half: float,
    low: float,
    high: float,
    rear: float,
    front: float,
    color: Color,
    slope: float,
    soft: float,
) -> None:
    """Box-like body from a side profile: the windscreen leans back by ``slope``, corners are cut by ``soft`` (m)."""
    profile = [
        [rear, low],
        [front, low],
        [front + soft * 0.3, low + (high - low) * 0.35],
        [front - slope * 0.2, low + (high - low) * 0.5],
        [front - slope, high - soft],
        [front - slope - soft, high],
        [rear + soft, high],
        [rear, high - soft],
    ]
    outline = np.asarray(profile)
    center = np.array([(rear + front) / 2, (low + high) / 2])
    inset = center + (outline - center) * [1 - soft * 0.15, 1 - soft * 0.12]
    rings = []
    for x, shape in ((-half, inset), (-half * 0.94, outline), (half * 0.94, outline), (half, inset)):
        rings.append(np.column_stack([np.full(len(shape), x), shape[:, 1], shape[:, 0]]))
    builder.add(loft(rings), color)


def van(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Delivery van or minibus with a short sloping nose."""
    name, color = pick(rng, PAINT)
    half, high, long = rng.uniform(0.9, 1.02), rng.uniform(1.9, 2.7), rng.uniform(4.6, 6.0)
    wheel = rng.uniform(0.33, 0.38)
    rear, front = -long / 2, long / 2
    nose = rng.uniform(0.6, 1.0)
    hood = rng.uniform(1.05, 1.2)
    profile = np.array(
        [
            [rear, 0.35],
            [front - 0.1, 0.35],
            [front, 0.6],
            [front - 0.08, hood * 0.85],
            [front - nose, hood * 1.08],
            [front - nose - (high - hood) * rng.uniform(0.4, 0.7), high * 0.97],
            [front - nose - (high - hood) * 0.9, high],
            [rear + 0.12, high],
            [rear, high - 0.12],
        ]
    )
    inset = profile * [1, 0.985] + [0, 0.01]
    rings = [
        np.column_stack([np.full(9, x), shape[:, 1], shape[:, 0]])
        for x, shape in ((-half, inset), (-half * 0.95, profile), (half * 0.95, profile), (half, inset))
    ]
    builder.add(loft(rings), color)
    _, glass = pick(rng, {"dark glass": (50, 58, 68)}, GLASS)
    low_screen, top_screen = profile[4] * 0.98 + profile[5] * 0.02, profile[4] * 0.12 + profile[5] * 0.88
    pane = np.array(
        [
            [[x * s, p[1] + 0.03, p[0] + 0.03] for x, s in ((-half, 0.88), (half, 0.88))]
            for p in (low_screen, top_screen)
        ]
    )
    builder.surface(pane, glass, 0.03)
    window_top = high * 0.9 if high < 2.2 else hood + 0.75
    door_front = float(profile[4, 0]) - 0.12
    side_window = [
        [door_front, hood + 0.05],
        [door_front - 0.35, window_top],
        [door_front - 1.1, window_top],
        [door_front - 1.1, hood + 0.05],
    ]
    builder.extrude([[-z, y] for z, y in side_window], 2 * half + 0.03, glass, (0, 0, 0), (0, np.pi / 2, 0))
    if rng.random() < 0.45:
        for start in np.arange(door_front - 1.25, rear + 0.9, -1.15):
            tall = window_top - hood - 0.05
            builder.box((2 * half + 0.03, tall, 1.0), glass, (0, hood + 0.05 + tall / 2, start - 0.5))
        builder.box((half * 1.6, window_top - hood, 0.04), glass, (0, (hood + window_top) / 2, rear))
    for side in (-1.0, 1.0):
        builder.cushion(
            (0.3, 0.22, 0.25), (228, 232, 234), (side * half * 0.75, hood * 0.75, front - 0.1), softness=0.6
        )
        builder.box((0.15, 0.5, 0.04), RED_LIGHT, (side * half * 0.88, 1.0, rear - 0.01))
        builder.cushion((0.16, 0.28, 0.1), DARK, (side * half * 1.12, hood + 0.15, door_front - 0.1), softness=0.5)
    builder.cushion(
        (half * 1.95, 0.3, 0.2), DARK if rng.random() < 0.6 else color, (0, 0.45, front - 0.06), softness=0.5
    )
    builder.box((half, 0.16, 0.05), DARK, (0, hood * 0.76, front - 0.02))
    add_wheels(rng, builder, [rear + long * rng.uniform(0.18, 0.25), front - long * 0.17], half, wheel)
    return name


def bus(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """City bus or coach with a row of windows and doors."""
    name, color = pick(rng, PAINT)
    half, high, long = 1.25, rng.uniform(2.8, 3.6), rng.uniform(8.5, 12.5)
    rear, front = -long / 2, long / 2
    slope = rng.uniform(0.05, 0.5)
    _slab(builder, half, 0.35, high, rear, front, color, slope, rng.uniform(0.08, 0.25))
    _, glass = pick(rng, {"dark glass": (44, 50, 58)}, GLASS)
    low, top = high * rng.uniform(0.38, 0.5), high * rng.uniform(0.78, 0.88)
    count = int(rng.integers(5, 9))
    pitch = (long - 1.6) / count
    gap = float(rng.choice([0.0, 0.1, 0.2]))
    for index in range(count):
        z = rear + 0.6 + pitch * (index + 0.5)
        builder.box((2 * half + 0.04, top - low, pitch - gap), glass, (0, (low + top) / 2, z))
    lean = np.arctan2(slope * 0.8, high * 0.5)
    builder.box((2 * half * 0.9, high * 0.5, 0.06), glass, (0, high * 0.68, front - slope * 0.5), (-lean, 0, 0))
    builder.box((2 * half * 0.8, high * 0.3, 0.06), glass, (0, high * 0.7, rear))
    if rng.random() < 0.8:
        _, stripe = pick(rng, PAINT)
        builder.box((2 * half + 0.02, high * rng.uniform(0.04, 0.14), long * 0.98), stripe, (0, high * 0.27, -0.05))
    for z in (front - 1.0, 0.3)[: int(rng.integers(1, 3))]:
        builder.box((0.06, high * 0.7, 1.0), shade(glass, 0.8), (-half, 0.4 + high * 0.36, z))
    for side in (-1.0, 1.0):
        builder.cushion((0.4, 0.2, 0.1), (232, 234, 230), (side * half * 0.7, 0.75, front + 0.02))
        builder.box((0.12, 0.4, 0.05), RED_LIGHT, (side * half * 0.9, 1.1, rear - 0.01))
        builder.cushion((0.2, 0.4, 0.12), DARK, (side * half * 1.1, high * 0.75, front + 0.1))
    builder.box((half * 1.2, 0.25, 0.04), (30, 30, 20), (0, high * 0.9, front - slope * 0.95))
    if rng.random() < 0.4:
        builder.cushion((1.8, 0.25, 2.5), shade(color, 0.9), (0, high + 0.05, -1.0))
    add_wheels(
        rng,
        builder,
        [rear + long * rng.uniform(0.2, 0.28), front - long * rng.uniform(0.16, 0.24)],
        half,
        0.5,
    )
    return name


def truck(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Box truck, semi-trailer or flatbed with a cab-over or long-nose cab."""
    name, color = pick(rng, PAINT)
    half = rng.uniform(1.1, 1.25)
    cab_high, wheel = rng.uniform(2.4, 3.3), rng.uniform(0.45, 0.52)
    long_nose = rng.random() < 0.35
    load = rng.uniform(3.5, 11.0)
    _, glass = pick(rng, {"dark glass": (48, 54, 64)}, GLASS)
    cab_long = rng.uniform(1.6, 2.2)
    slope = rng.uniform(0.05, 0.35)
    _slab(builder, half * 0.97, 0.6, cab_high, 0.0, cab_long, color, slope, 0.12)
    lean = np.arctan2(slope * 0.8, (cab_high - 0.6) * 0.5)
    builder.box(
        (half * 1.7, (cab_high - 0.6) * 0.33, 0.06),
        glass,
        (0, cab_high * 0.74, cab_long - slope * 0.55),
        (-lean, 0, 0),
    )
    builder.box(
        (2 * half + 0.02, (cab_high - 0.6) * 0.3, cab_long * 0.42),
        glass,
        (0, cab_high * 0.73, cab_long * 0.62 - slope * 0.4),
    )
    nose = cab_long
    if long_nose:
        nose = cab_long + rng.uniform(1.0, 1.6)
        builder.cushion(
            (half * 1.3, 1.1, nose - cab_long + 0.4),
            color,
            (0, 1.2, (cab_long + nose) / 2 - 0.1),
            softness=0.3,
        )
        for side in (-1, 1):
            builder.cushion((half * 0.45, 0.4, 1.3), color, (side * half * 0.8, 1.05, nose - 0.75), softness=0.7)
            if rng.random() < 0.7:
                builder.rod((side * half, 0.8, -0.15), (side * half, cab_high + 0.6, -0.15), 0.08, pick(rng, METAL)[1])
    _, metal = pick(rng, METAL)
    builder.box((half * 1.1, 0.8, 0.08), metal if long_nose else DARK, (0, 1.2, nose + 0.02))
    builder.box((half * 1.95, 0.35, 0.25), metal if rng.random() < 0.5 else DARK, (0, 0.7, nose))
    for side in (-1, 1):
        builder.cushion((0.35, 0.2, 0.1), (236, 236, 226), (side * half * 0.7, 0.9, nose + 0.1))
        builder.box((0.1, 0.5, 0.2), DARK, (side * half * 1.1, cab_high * 0.72, cab_long - 0.1))
    builder.box((half * 1.0, 0.25, load + cab_long), DARK, (0, 0.85, -load / 2 + cab_long * 0.2))
    cargo = rng.random()
    _, box = pick(rng, PAINT) if rng.random() < 0.6 else (name, color)
    top = rng.uniform(2.8, 4.0)
    gap = rng.uniform(0.1, 0.5)
    middle = -gap - load / 2
    if cargo < 0.65:
        builder.box((2 * half, top - 1.0, load), box, (0, (top + 1.0) / 2, middle))
        if rng.random() < 0.6:
            for z in np.linspace(-gap - load, -gap, int(rng.integers(4, 14))):
                builder.box((2 * half + 0.05, top - 1.0, 0.06), shade(box, 0.8), (0, (top + 1.0) / 2, z))
        builder.box((2 * half + 0.06, 0.1, load), shade(box, 0.6), (0, 1.0, middle))
    elif cargo < 0.8:
        builder.cylinder(half * 0.95, load, metal, (0, 1.0 + half * 0.95, middle), (np.pi / 2, 0, 0), sections=24)
    else:
        builder.box((2 * half, 0.15, load), box, (0, 1.05, middle))
        for side in (-1, 1):
            builder.box((0.08, 0.6, load), box, (side * half * 0.97, 1.4, middle))
        builder.box((2 * half, 0.6, 0.08), box, (0, 1.4, -gap - load))
    rear_axles = [-gap - load * 0.8, -gap - load * 0.8 + wheel * 2.2]
    places = [nose - (0.75 if long_nose else cab_long * 0.5), *rear_axles[: int(rng.integers(1, 3))]]
    if load > 6:
        places.append(-wheel)
    add_wheels(rng, builder, places, half, wheel, arch=False)
    return name
