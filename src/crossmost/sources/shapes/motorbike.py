"""Motor scooters and motorbikes. They face +z."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder
from crossmost.sources.shapes.cycle_parts import LAMP, RED, TYRE, bar, fender, handlebar, place, solid_wheel
from crossmost.sources.shapes.palette import LEATHER, METAL, PAINT, PLASTIC, pick, shade
from crossmost.sources.shapes.solids import spline, sweep


def motor_scooter(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Vespa-like scooter: leg shield, floor board, rounded tail, saddle, mirrors."""
    name, color = pick(rng, PAINT, PLASTIC)
    _, second = (name, color) if rng.random() < 0.5 else pick(rng, PAINT)
    _, metal = pick(rng, METAL)
    radius = rng.uniform(0.2, 0.25)
    base = rng.uniform(1.15, 1.35)
    rear, front = place(radius, -base / 2), place(radius, base / 2)
    for center in (rear, front):
        solid_wheel(builder, rng, center, radius, radius * rng.uniform(0.4, 0.55), metal)
    high = rng.uniform(0.95, 1.1)
    top = place(high, front[2] - 0.24)
    bar(builder, [front + [0.06, 0, 0], front * 0.6 + top * 0.4, top], 0.028, metal)
    shield = spline(
        [
            place(0.3, front[2] - 0.32),
            place(0.45, front[2] - 0.2),
            place(0.7, front[2] - 0.17),
            place(high * 0.95, front[2] - 0.24),
        ],
        8,
    )
    wide = np.interp(np.linspace(0, 1, 8), [0, 0.4, 1], [0.2, rng.uniform(0.2, 0.28), 0.1])
    builder.add(sweep(shield, np.column_stack([wide, np.full(8, rng.uniform(0.03, 0.07))]), 12, side=(1, 0, 0)), color)
    builder.cushion((0.36, 0.1, base * 0.5), second, (0, 0.28, 0.02), softness=0.4)
    tail = spline([place(0.34, -0.12), place(0.52, -0.25), place(0.6, -0.5), place(0.62, -base * 0.5 - 0.28)], 9)
    fat = rng.uniform(0.85, 1.2)
    builder.add(
        sweep(
            tail,
            np.array(
                [
                    [0.1, 0.08],
                    [0.17, 0.13],
                    [0.21, 0.17],
                    [0.22, 0.19],
                    [0.22, 0.19],
                    [0.21, 0.17],
                    [0.18, 0.13],
                    [0.13, 0.09],
                    [0.05, 0.04],
                ]
            )
            * fat,
            12,
            side=(1, 0, 0),
        ),
        color,
    )
    _, leather = pick(rng, LEATHER, {"black": (28, 28, 30)})
    builder.cushion((0.28, 0.12, rng.uniform(0.5, 0.75)), leather, (0, 0.78, -0.42), (0.06, 0, 0), softness=0.5)
    fender(builder, front, radius * 1.15, 0.09, color, 0.1, 2.7)
    builder.ellipsoid((0.13, 0.1, 0.11), color, tuple(top))
    builder.ellipsoid(
        (0.075, 0.075, 0.06), LAMP, tuple(top + [0, 0, 0.085] if rng.random() < 0.6 else shield[5] + [0, 0, 0.06])
    )
    handlebar(builder, rng, top + [0, 0.04, -0.03], 0.32, "flat", metal)
    builder.ellipsoid((0.06, 0.05, 0.04), RED, tail[-1] + [0, -0.02, 0])
    for side in (-1.0, 1.0):
        if rng.random() < 0.8:
            glass = top + [side * 0.28, rng.uniform(0.18, 0.28), -0.03]
            builder.rod(tuple(top + [side * 0.2, 0.03, 0]), tuple(glass), 0.008, metal, 6)
            builder.ellipsoid((0.07, 0.05, 0.015), metal, tuple(glass))
    bar(builder, [place(0.25, -0.3, 0.16), place(0.27, rear[2] - 0.2, 0.18)], 0.045, metal)
    if rng.random() < 0.35:
        builder.cushion((0.34, 0.3, 0.32), second, (0, 0.9, rear[2] - 0.28), softness=0.4)
    return name


def motorbike(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Motorbike: fat wheels, engine, tank, saddle; naked, cruiser or with a fairing."""
    name, color = pick(rng, PAINT, PLASTIC)
    _, metal = pick(rng, METAL)
    radius = rng.uniform(0.29, 0.33)
    base = rng.uniform(1.3, 1.65)
    rear, front = place(radius, -base / 2), place(radius, base / 2)
    for center, wide in ((rear, 0.19), (front, 0.13)):
        solid_wheel(builder, rng, center, radius, wide * rng.uniform(0.85, 1.15), pick(rng, METAL)[1])
    rake = rng.uniform(0.2, 0.5)
    top = place(rng.uniform(0.9, 1.05), front[2] - rake)
    for side in (-1.0, 1.0):
        bar(builder, [front + [side * 0.09, 0, 0], top + [side * 0.09, -0.05, 0]], 0.027, metal)
        bar(builder, [rear + [side * 0.1, 0, 0], place(0.4, -0.1, side * 0.12)], 0.03, shade(metal, 0.6))
    builder.cushion((0.34, 0.36, 0.5), shade(metal, 0.7), (0, 0.42, 0.02), softness=0.3)
    for level in np.linspace(0.45, 0.62, 4):
        builder.box((0.3, 0.015, 0.3), metal, (0, level, 0.1))
    bar(
        builder,
        [top - [0, 0.1, 0], place(0.72, 0.0), place(0.66, -0.4), place(0.72, rear[2] - 0.05)],
        0.035,
        shade(metal, 0.5),
        8,
    )
    tank = np.array([place(0.82, -0.14), place(0.86, 0.0), place(0.9, 0.18), place(0.88, 0.36)])
    builder.add(
        sweep(
            spline(tank, 8),
            np.array(
                [
                    [0.07, 0.05],
                    [0.12, 0.1],
                    [0.15, 0.13],
                    [0.17, 0.14],
                    [0.17, 0.14],
                    [0.16, 0.13],
                    [0.12, 0.1],
                    [0.06, 0.05],
                ]
            ),
            12,
            side=(1, 0, 0),
        ),
        color,
    )
    _, leather = pick(rng, LEATHER, {"black": (26, 26, 28)})
    seat_high = rng.uniform(0.74, 0.82)
    builder.cushion((0.28, 0.12, 0.5), leather, (0, seat_high, -0.34), (-0.05, 0, 0), softness=0.5)
    tail = np.array(
        [
            place(seat_high, -0.35),
            place(seat_high + 0.05, -0.6),
            place(seat_high + rng.uniform(0.03, 0.2), rear[2] - rng.uniform(0.1, 0.3)),
        ]
    )
    builder.add(sweep(tail, [[0.14, 0.09], [0.12, 0.08], [0.05, 0.04]], 10, side=(1, 0, 0)), color)
    builder.ellipsoid((0.06, 0.03, 0.03), RED, tail[-1])
    style = int(rng.integers(3))
    if style == 0:
        nose = np.array(
            [place(0.62, 0.25), place(0.72, 0.5), place(0.85, front[2] - 0.15), place(0.84, front[2] + 0.05)]
        )
        builder.add(
            sweep(
                spline(nose, 8),
                np.array(
                    [
                        [0.2, 0.26],
                        [0.23, 0.28],
                        [0.24, 0.26],
                        [0.22, 0.22],
                        [0.2, 0.17],
                        [0.17, 0.13],
                        [0.12, 0.09],
                        [0.04, 0.03],
                    ]
                ),
                12,
                side=(1, 0, 0),
            ),
            color,
        )
        pane = np.array(
            [
                [[-0.14, 0.93, front[2] - 0.1], [0.14, 0.93, front[2] - 0.1]],
                [[-0.1, 1.15, front[2] - 0.35], [0.1, 1.15, front[2] - 0.35]],
            ]
        )
        builder.surface(pane, (150, 164, 176), 0.015)
        builder.cushion((0.36, 0.3, 0.7), shade(color, 0.8), (0, 0.38, 0.1), softness=0.5)
        for side in (-1.0, 1.0):
            builder.ellipsoid((0.05, 0.035, 0.05), LAMP, tuple(place(0.86, front[2] - 0.02, side * 0.08)))
    else:
        builder.ellipsoid((0.1, 0.1, 0.09), LAMP if rng.random() < 0.5 else metal, tuple(top + [0, -0.05, 0.12]))
    handlebar(builder, rng, top + [0, 0.04, -0.03], rng.uniform(0.3, 0.4), "raised" if style == 2 else "flat", metal)
    fender(builder, front, radius * 1.1, 0.07, color, 0.6, 2.4)
    fender(builder, rear, radius * 1.12, 0.1, color, 0.9, 2.6)
    for side in (-1.0, 1.0)[: int(rng.integers(1, 3))]:
        bar(
            builder,
            [
                place(0.5, 0.3, side * 0.12),
                place(0.25, 0.25, side * 0.18),
                place(0.25, -0.1, side * 0.19),
                place(rng.uniform(0.3, 0.5), rear[2] - 0.15, side * 0.19),
            ],
            0.038,
            metal,
            10,
        )
        glass = top + [side * 0.3, 0.22, 0.0]
        builder.rod(tuple(top + [side * 0.22, 0.05, 0]), tuple(glass), 0.008, TYRE, 6)
        builder.ellipsoid((0.07, 0.04, 0.015), TYRE, tuple(glass))
    return name
