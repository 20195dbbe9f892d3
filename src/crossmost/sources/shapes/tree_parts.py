"""Trunks, and the greens that trees share."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.palette import Palette
from crossmost.sources.shapes.solids import Points, spline, sweep

GREEN: Palette = {"green": (58, 112, 48), "dark green": (34, 74, 38), "light green": (112, 152, 62)}


SNOW: Palette = {"snowy white": (232, 238, 242), "gray white": (196, 206, 208)}


def trunk(
    builder: ShapeBuilder,
    rng: np.random.Generator,
    height: float,
    radius: float,
    color: Color,
    bend: float = 0.05,
    top: float = 0.4,
) -> Points:
    """A tapering trunk from the ground; returns its axis (7, 3)."""
    sway = np.cumsum(rng.normal(0, bend * height / 4, (4, 2)), axis=0)
    knots = [[0, 0, 0]] + [[x, height * (i + 1) / 4, z] for i, (x, z) in enumerate(sway)]
    path = spline(knots, 9)
    thick = np.linspace(1, top, 9)
    thick[0] *= rng.uniform(1.1, 1.6)
    builder.add(sweep(path, radius * thick, 9), color)
    return path
