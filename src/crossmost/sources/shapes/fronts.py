"""Carcasses, doors, drawers, shelves and feet: what cabinets are made of."""

from typing import NamedTuple

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.legs import chance, choose, four_legs
from crossmost.sources.shapes.palette import FABRIC, GLASS, METAL, PLASTIC, pick, shade

Size = tuple[float, float, float]
Rect = tuple[float, float, float, float]
"""Left, bottom, right, top of a front (m)."""


class Hardware(NamedTuple):
    """What the fronts of one object share: handle style and color, glass color."""

    style: str
    color: Color
    glass: Color


def _handle(b: ShapeBuilder, style: str, color: Color, at: tuple[float, float, float], upright: bool) -> None:
    x, y, z = at
    if style == "knob":
        b.ball(0.018, color, (x, y, z + 0.015))
    elif style == "bar":
        half = (0.0, 0.09) if upright else (0.08, 0.0)
        b.rod((x - half[0], y - half[1], z + 0.025), (x + half[0], y + half[1], z + 0.025), 0.008, color, 6)
    elif style == "cup":
        b.ellipsoid((0.05, 0.022, 0.022), color, (x, y, z))
    elif style == "slot":
        b.box((0.02, 0.14, 0.006) if upright else (0.14, 0.02, 0.006), shade(color, 0.4), (x, y, z + 0.002))


def add_front(
    b: ShapeBuilder,
    rng: np.random.Generator,
    rect: Rect,
    z: float,
    color: Color,
    style: str,
    handle: Hardware,
    kind: str,
) -> None:
    """One door (``kind`` left, right) or drawer over ``rect`` at ``z``; style flat, frame, glass, grid, louver."""
    left, low, right, high = rect
    width, height = right - left - 0.008, high - low - 0.008
    x, y = (left + right) / 2, (low + high) / 2
    rail = min(0.07, 0.2 * min(width, height))
    if style == "flat":
        b.box((width, height, 0.02), color, (x, y, z))
    else:
        fill = handle.glass if style in ("glass", "grid") else shade(color, 0.88)
        b.box((width - rail, height - rail, 0.008), fill, (x, y, z))
        for sign in (-1, 1):
            b.box((rail, height, 0.022), color, (x + sign * (width - rail) / 2, y, z))
            b.box((width, rail, 0.022), color, (x, y + sign * (height - rail) / 2, z))
        if style == "grid":
            b.box((0.018, height, 0.018), color, (x, y, z))
            for share in np.linspace(-0.5, 0.5, int(rng.integers(3, 6)))[1:-1]:
                b.box((width, 0.018, 0.018), color, (x, y + float(share) * height, z))
        elif style == "louver":
            for share in np.linspace(-0.4, 0.4, 12):
                b.box(
                    (width - 2 * rail, height * 0.03, 0.015),
                    color,
                    (x, y + float(share) * height, z + 0.003),
                    (0.5, 0, 0),
                )
    front = z + 0.012
    if kind == "drawer":
        count = 2 if width > 0.7 else 1
        for share in (0.0,) if count == 1 else (-0.28, 0.28):
            _handle(b, handle.style, handle.color, (x + share * width, y, front), False)
    elif handle.style != "cup":
        edge = right - 0.045 if kind == "left" else left + 0.045
        _handle(b, handle.style, handle.color, (edge, y, front), True)


def add_fronts(
    b: ShapeBuilder,
    rng: np.random.Generator,
    rect: Rect,
    z: float,
    color: Color,
    layout: str,
    style: str,
    handle: Hardware,
    columns: int,
    rows: int = 1,
) -> None:
    """A grid of doors or drawers over ``rect``."""
    left, low, right, high = rect
    wide, tall = (right - left) / columns, (high - low) / rows
    if style not in ("glass", "grid"):
        b.box((right - left, high - low, 0.012), shade(color, 0.6), ((left + right) / 2, (low + high) / 2, z - 0.006))
    for column in range(columns):
        for row in range(rows):
            cell = (left + column * wide, low + row * tall, left + (column + 1) * wide, low + (row + 1) * tall)
            kind = "drawer" if layout == "drawers" else ("left" if column % 2 == 0 and columns > 1 else "right")
            add_front(b, rng, cell, z, color, style, handle, kind)


def draw_hardware(rng: np.random.Generator) -> Hardware:
    style = choose(rng, "knob", "bar", "bar", "cup", "slot", "none")
    return Hardware(style, pick(rng, METAL)[1], pick(rng, GLASS)[1])


def add_carcass(b: ShapeBuilder, color: Color, size: Size, low: float, inside: Color | None = None) -> None:
    """Open box (no front) with its bottom at ``low``."""
    width, height, depth = size
    y = low + height / 2
    for side in (-1, 1):
        b.box((0.022, height, depth), color, (side * (width - 0.022) / 2, y, 0))
        b.box((width, 0.022, depth), color, (0, y + side * (height - 0.022) / 2, 0))
    b.box((width - 0.02, height - 0.02, 0.012), inside or shade(color, 0.85), (0, y, -depth / 2 + 0.006))


def add_shelf_content(
    b: ShapeBuilder, rng: np.random.Generator, left: float, right: float, y: float, tall: float, depth: float
) -> None:
    """Books or a few boxes on a shelf."""
    if chance(rng, 0.75):
        x = left + 0.01
        end = left + (right - left) * rng.uniform(0.4, 1.0)
        while x < end - 0.03:
            wide, high = rng.uniform(0.02, 0.06), tall * rng.uniform(0.55, 0.9)
            _, color = pick(rng, FABRIC)
            b.box((wide * 0.95, high, depth * 0.7), color, (x + wide / 2, y + high / 2, 0))
            x += wide
    else:
        for _ in range(int(rng.integers(1, 3))):
            side = min(tall * 0.7, (right - left) * 0.4)
            at = (rng.uniform(left + side / 2, right - side / 2), y + side / 2, 0)
            b.cushion(
                (side, side, min(side, depth * 0.8)), pick(rng, PLASTIC, FABRIC)[1], at, softness=rng.uniform(0.1, 0.9)
            )


def add_shelves(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    rect: Rect,
    depth: float,
    rows: int,
    columns: int,
    filled: float,
) -> None:
    left, low, right, high = rect
    tall, wide = (high - low) / rows, (right - left) / columns
    for column in range(1, columns):
        b.box((0.02, high - low, depth * 0.97), color, (left + column * wide, (low + high) / 2, 0))
    for row in range(rows):
        if row:
            b.box((right - left, 0.02, depth * 0.96), color, ((left + right) / 2, low + row * tall, 0))
        for column in range(columns):
            if chance(rng, filled):
                start = left + column * wide + 0.012
                add_shelf_content(b, rng, start, start + wide - 0.024, low + row * tall + 0.01, tall, depth)


def add_feet(b: ShapeBuilder, rng: np.random.Generator, color: Color, width: float, depth: float) -> float:
    """Plinth, short legs or nothing; the height they lift the body."""
    kind = choose(rng, "plinth", "legs", "none")
    if kind == "plinth":
        b.box((width * 0.97, 0.08, depth * 0.9), shade(color, 0.7), (0, 0.04, -0.02))
        return 0.08
    if kind == "legs":
        lift = rng.uniform(0.06, 0.2)
        four_legs(b, rng, color, (width, depth), lift, 0.045, choose(rng, "square", "tapered", "turned", "round"))
        return lift
    return 0.0


def add_crown(b: ShapeBuilder, rng: np.random.Generator, color: Color, size: Size, low: float) -> None:
    if chance(rng, 0.4):
        b.box((size[0] + 0.05, 0.04, size[2] + 0.04), color, (0, low + size[1] + 0.02, 0.01))
