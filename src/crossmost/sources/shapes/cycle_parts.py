"""Wheels, bars, guards and handlebars of two- and three-wheelers."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

import numpy as np
from numpy.typing import ArrayLike

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.palette import PLASTIC, pick, shade
from crossmost.sources.shapes.solids import Points, bars, ring_points, spline, sweep

TYRE: Color = (32, 32, 34)


ACROSS = (0.0, np.pi / 2, 0.0)


LAMP: Color = (240, 236, 214)


RED: Color = (190, 28, 26)


def place(y: float, z: float, x: float = 0.0) -> Points:
    return np.array([x, y, z])


def spoked_wheel(
    builder: ShapeBuilder, rng: np.random.Generator, center: Points, radius: float, thick: float, metal: Color
) -> None:
    """Wheel with a tire, a rim and wire spokes."""
    builder.torus(radius - thick, thick, TYRE, tuple(center), ACROSS)
    builder.torus(radius - 2.2 * thick, thick * 0.6, metal, tuple(center), ACROSS)
    count = int(rng.choice([12, 16, 20, 28]))
    rim = ring_points(center, radius - 2.2 * thick, count, "x")
    hub = np.tile(center, (count, 1)) + np.where(np.arange(count) % 2, 1, -1)[:, None] * [0.03, 0, 0]
    builder.add(bars(hub, rim, max(0.0015, radius * 0.005), 4), metal)
    builder.cylinder(radius * 0.05 + 0.008, 0.09, metal, tuple(center), (0, 0, np.pi / 2), sections=10)


def solid_wheel(
    builder: ShapeBuilder, rng: np.random.Generator, center: Points, radius: float, wide: float, rim: Color
) -> None:
    """Wheel with a fat tire and a disc or cast spokes."""
    half = wide / 2
    tyre = [
        [radius * 0.6, -half * 0.8],
        [radius * 0.9, -half],
        [radius, -half * 0.4],
        [radius, half * 0.4],
        [radius * 0.9, half],
        [radius * 0.6, half * 0.8],
        [radius * 0.6, -half * 0.8],
    ]
    builder.revolve(tyre, TYRE, tuple(center), (0, 0, np.pi / 2), 22)
    if rng.random() < 0.5:
        builder.cylinder(radius * 0.62, wide * 0.5, rim, tuple(center), (0, 0, np.pi / 2), sections=20)
        builder.cylinder(radius * 0.2, wide * 1.05, shade(rim, 0.7), tuple(center), (0, 0, np.pi / 2), sections=10)
    else:
        count = int(rng.integers(3, 8))
        builder.add(
            bars(np.tile(center, (count, 1)), ring_points(center, radius * 0.66, count, "x"), radius * 0.07, 6),
            rim,
        )
        builder.torus(radius * 0.62, radius * 0.05, rim, tuple(center), ACROSS)
        builder.cylinder(radius * 0.14, wide * 1.1, rim, tuple(center), (0, 0, np.pi / 2), sections=10)


def bar(builder: ShapeBuilder, points: ArrayLike, radius: float, color: Color, smooth: int = 0) -> None:
    path = np.asarray(points, dtype=float)
    builder.add(sweep(spline(path, smooth) if smooth else path, radius, 8), color)


def fender(
    builder: ShapeBuilder, center: Points, radius: float, wide: float, color: Color, start: float, end: float
) -> None:
    """A curved guard over a wheel between two angles measured from +z upward."""
    angle = np.linspace(start, end, 10)
    path = center + np.column_stack([np.zeros(10), radius * np.sin(angle), radius * np.cos(angle)])
    builder.add(sweep(path, np.tile([wide, wide * 0.25], (10, 1)), 8, side=(1, 0, 0)), color)


def handlebar(
    builder: ShapeBuilder, rng: np.random.Generator, top: Points, wide: float, style: str, color: Color
) -> None:
    """Flat, raised, swept-back or drop bars with grips, around the top of the stem."""
    _, grip = pick(rng, PLASTIC, {"black": (28, 28, 30)})
    for side in (-1.0, 1.0):
        x = side * wide
        if style == "drop":
            path = [
                top,
                top + [x * 0.9, 0, 0],
                top + [x, 0.0, 0.09],
                top + [x, -0.07, 0.12],
                top + [x, -0.14, 0.05],
                top + [x, -0.14, -0.04],
            ]
        elif style == "raised":
            path = [top, top + [x * 0.35, 0.02, 0], top + [x * 0.55, 0.16, -0.02], top + [x, 0.2, -0.06]]
        elif style == "swept":
            path = [top, top + [x * 0.5, 0.05, 0.04], top + [x * 0.95, 0.06, -0.08], top + [x, 0.04, -0.22]]
        else:
            path = [top, top + [x * 0.6, 0.01, 0], top + [x, 0.02, -0.03]]
        line = spline(path, 12)
        bar(builder, line, 0.011, color)
        bar(builder, line[-4:], 0.017, grip)
        if rng.random() < 0.6:
            builder.rod(line[-5] + [0, -0.015, 0.03], line[-2] + [0, -0.02, 0.05], 0.005, (60, 60, 64), 6)
