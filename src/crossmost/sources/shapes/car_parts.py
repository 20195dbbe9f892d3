"""Wheels, and the colors that vehicles share."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.palette import METAL, pick, shade

TYRE: Color = (30, 30, 32)


RED_LIGHT: Color = (190, 30, 26)


DARK: Color = (40, 40, 44)


def _wheel(
    rng: np.random.Generator,
    builder: ShapeBuilder,
    center: tuple[float, float, float],
    radius: float,
    wide: float,
    rim: Color,
) -> None:
    """A tire with its rim; the axis is x."""
    side = np.sign(center[0])
    shoulder = radius * 0.93
    half = wide / 2
    tyre = [
        [0, -half],
        [shoulder, -half],
        [radius, -half * 0.7],
        [radius, half * 0.7],
        [shoulder, half],
        [0, half],
    ]
    builder.revolve(tyre, TYRE, center, (0, 0, np.pi / 2), 20)
    hub = radius * 0.66
    outer = (center[0] + side * half * 1.03, center[1], center[2])
    builder.cylinder(hub, wide * 0.06, rim, outer, (0, 0, np.pi / 2), sections=18)
    builder.cylinder(hub * 0.3, wide * 0.16, shade(rim, 0.7), outer, (0, 0, np.pi / 2), sections=8)


def add_wheels(
    rng: np.random.Generator,
    builder: ShapeBuilder,
    places: list[float],
    half_width: float,
    radius: float,
    arch: bool = True,
) -> None:
    """Wheels at each z of ``places`` on both sides, in dark wheel arches."""
    _, rim = pick(rng, METAL)
    wide = radius * rng.uniform(0.5, 0.7)
    for z in places:
        for side in (-1.0, 1.0):
            _wheel(rng, builder, (side * (half_width - wide * 0.42), radius, z), radius, wide, rim)
            if arch:
                where = (side * (half_width - wide * 0.5), radius * 1.02, z)
                builder.cylinder(radius * 1.14, wide * 1.02, DARK, where, (0, 0, np.pi / 2), sections=20)
