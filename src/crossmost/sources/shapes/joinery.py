"""Frames, glazed sashes and panelled leaves: what doors and windows are made of."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder, arc

Point = tuple[float, float]


def frame(
    b: ShapeBuilder, color: Color, size: Point, bar: float, depth: float, at: tuple[float, float, float], sill: bool
) -> None:
    """Rectangular frame of outer ``size`` around ``at`` (center); ``sill`` False leaves the lower side open."""
    width, height = size
    x, y, z = at
    for side in (-1, 1):
        b.box((bar, height, depth), color, (x + side * (width - bar) / 2, y, z))
    b.box((width, bar, depth), color, (x, y + (height - bar) / 2, z))
    if sill:
        b.box((width, bar, depth), color, (x, y - (height - bar) / 2, z))


def grid(
    b: ShapeBuilder,
    color: Color,
    size: Point,
    counts: tuple[int, int],
    bar: float,
    depth: float,
    at: tuple[float, float, float],
) -> None:
    """Glazing bars that divide ``size`` into ``counts`` = (columns, rows)."""
    for share in np.linspace(-0.5, 0.5, counts[0] + 1)[1:-1]:
        b.box((bar, size[1], depth), color, (at[0] + float(share) * size[0], at[1], at[2]))
    for share in np.linspace(-0.5, 0.5, counts[1] + 1)[1:-1]:
        b.box((size[0], bar, depth), color, (at[0], at[1] + float(share) * size[1], at[2]))


def sash(
    b: ShapeBuilder,
    color: Color,
    glass: Color,
    size: Point,
    counts: tuple[int, int],
    bar: float,
    depth: float,
    at: tuple[float, float, float],
) -> None:
    """Glazed frame with bars."""
    frame(b, color, size, bar, depth, at, True)
    inner = (size[0] - bar, size[1] - bar)
    b.box((inner[0], inner[1], depth * 0.2), glass, at)
    grid(b, color, inner, counts, bar * 0.4, depth * 0.6, at)


def arched_band(width: float, height: float, rise: float, bar: float, count: int = 17) -> list[Point]:
    """Outline of an arch-topped frame of constant bar width, from the floor up and back along its inside."""
    spring = height - rise
    outer = arc((0, spring), (width / 2, rise), 0, np.pi, count)
    inner = arc((0, spring), (width / 2 - bar, rise - bar), np.pi, 0, count)
    return [(width / 2, 0), *outer, (-width / 2, 0), (-width / 2 + bar, 0), *inner, (width / 2 - bar, 0)]


def arched_sheet(width: float, height: float, rise: float, count: int = 17) -> list[Point]:
    """Outline of a pane with an elliptic arch on top."""
    return [(-width / 2, 0), (width / 2, 0), *arc((0, height - rise), (width / 2, rise), 0, np.pi, count)]
