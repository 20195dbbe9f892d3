"""Doors: panelled, flush, glazed, exterior, double, sliding, screen, arched, barn; in a frame with a handle."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder, SubType, arc
from crossmost.sources.shapes.joinery import arched_band, arched_sheet, frame, grid, sash
from crossmost.sources.shapes.legs import chance, choose
from crossmost.sources.shapes.palette import GLASS, METAL, PAINT, WHITE, WOOD, Palette, pick, shade

Leaf = tuple[float, float, float, float]
"""Center x, bottom y, width, height of a leaf (m)."""


def _size(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.uniform(0.75, 1.0)), float(rng.uniform(1.95, 2.2))


def _colors(rng: np.random.Generator, *palettes: Palette) -> tuple[str, Color, Color]:
    """Color name, leaf color, frame color."""
    name, color = pick(rng, *palettes)
    return name, color, color if chance(rng, 0.55) else pick(rng, WHITE, WHITE, WOOD)[1]


def _surround(b: ShapeBuilder, rng: np.random.Generator, color: Color, width: float, height: float) -> None:
    """Frame around an opening, deep or flat, sometimes with a threshold or none at all."""
    kind = choose(rng, "deep", "deep", "flat", "casing", "none")
    if kind == "none":
        return
    bar = rng.uniform(0.04, 0.08) if kind != "casing" else rng.uniform(0.08, 0.13)
    depth = rng.uniform(0.09, 0.24) if kind == "deep" else rng.uniform(0.05, 0.08)
    center = (0, (height + bar) / 2, -depth / 2 + 0.04)
    frame(b, color, (width + 2 * bar, height + bar), bar, depth, center, False)
    if kind == "casing":
        b.box((width + 2 * bar + 0.05, 0.05, depth + 0.03), color, (0, height + bar + 0.02, center[2]))
    if chance(rng, 0.25):
        b.box((width + 2 * bar, 0.025, depth + 0.05), shade(color, 0.6), (0, 0.0125, center[2]))


def _knob(b: ShapeBuilder, rng: np.random.Generator, x: float, y: float, inward: int) -> None:
    """Lever, knob or bar on both faces; ``inward`` is the direction of the lever."""
    _, color = pick(rng, METAL)
    kind = choose(rng, "lever", "lever", "knob", "pull", "plate")
    for side in (-1, 1):
        z = side * 0.045
        if kind == "pull":
            b.rod((x, y - 0.18, z * 1.3), (x, y + 0.18, z * 1.3), 0.012, color, 8)
            continue
        if kind == "plate":
            b.box((0.045, 0.22, 0.012), color, (x, y - 0.02, z * 0.6))
        if kind == "knob":
            b.ball(0.032, color, (x, y, z * 1.3))
            b.cylinder(0.03, 0.012, color, (x, y, z * 0.6), (np.pi / 2, 0, 0), sections=10)
        else:
            b.rod((x, y, 0), (x, y, z * 1.4), 0.011, color, 6)
            b.rod((x, y, z * 1.4), (x + inward * 0.12, y, z * 1.4), 0.011, color, 6)
    if chance(rng, 0.3):
        b.cylinder(0.022, 0.075, color, (x, y + 0.14, 0), (np.pi / 2, 0, 0), sections=10)


def _panels(b: ShapeBuilder, rng: np.random.Generator, color: Color, leaf: Leaf, layout: str) -> None:
    """Leaf with sunk panels: layout names the rows as shares of the height and the number of columns."""
    x, low, width, height = leaf
    shares, columns = {
        "two": ((0.4, 0.6), 1),
        "three": ((0.3, 0.2, 0.5), 1),
        "four": ((0.42, 0.58), 2),
        "six": ((0.42, 0.4, 0.18), 2),
        "five": ((0.2, 0.2, 0.2, 0.2, 0.2), 1),
        "one": ((1.0,), 1),
    }[layout]
    b.box((width, height, 0.028), shade(color, 0.9), (x, low + height / 2, 0))
    rail = 0.11
    for side in (-1, 1):
        b.box((rail, height, 0.046), color, (x + side * (width - rail) / 2, low + height / 2, 0))
    if columns == 2:
        b.box((rail * 0.8, height, 0.045), color, (x, low + height / 2, 0))
    edge = low
    b.box((width, rail * 1.5, 0.045), color, (x, low + rail * 0.75, 0))
    inner = (width - 2 * rail - (rail * 0.8 if columns == 2 else 0)) / columns
    for share in shares:
        tall = share * height
        b.box((width, rail, 0.045), color, (x, edge + tall - rail / 2, 0))
        for column in range(columns):
            at = x + (column - (columns - 1) / 2) * (inner + rail * 0.8)
            start = edge + (rail * 0.75 if edge == low else 0) + 0.04
            size = (inner - 0.08, edge + tall - rail - start - 0.04, 0.04)
            if min(size) > 0:
                b.box(size, shade(color, 0.97), (at, start + size[1] / 2, 0))
        edge += tall


def _leaf(b: ShapeBuilder, rng: np.random.Generator, color: Color, leaf: Leaf, kind: str, glass: Color) -> None:
    x, low, width, height = leaf
    middle = (x, low + height / 2, 0.0)
    if kind in ("one", "two", "three", "four", "five", "six"):
        _panels(b, rng, color, leaf, kind)
    elif kind == "full":
        counts = (int(rng.integers(1, 4)), int(rng.integers(1, 6)))
        sash(b, color, glass, (width, height), counts, rng.uniform(0.07, 0.13), 0.045, middle)
    elif kind == "half":
        split = rng.uniform(0.3, 0.55) * height
        _panels(b, rng, color, (x, low, width, split), choose(rng, "one", "one", "two"))
        counts = (int(rng.integers(1, 4)), int(rng.integers(1, 5)))
        sash(b, color, glass, (width, height - split), counts, 0.11, 0.045, (x, low + split + (height - split) / 2, 0))
    else:
        b.box((width, height, 0.045), color, middle)


def _single(b: ShapeBuilder, rng: np.random.Generator, kind: str, *palettes: Palette) -> str:
    name, color, around = _colors(rng, *palettes)
    width, height = _size(rng)
    _surround(b, rng, around, width, height)
    _leaf(b, rng, color, (0, 0.01, width - 0.01, height - 0.015), kind, pick(rng, GLASS)[1])
    side = 1 if chance(rng, 0.5) else -1
    _knob(b, rng, side * (width / 2 - 0.07), height * 0.49, -side)
    return name


def panel_door(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """One leaf with sunk panels."""
    return _single(b, rng, choose(rng, "two", "three", "four", "five", "six", "one"), WHITE, WOOD, PAINT)


def flush_door(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Smooth leaf, sometimes with grooves or a small light."""
    name, color, around = _colors(rng, WOOD, WHITE, PAINT)
    width, height = _size(rng)
    _surround(b, rng, around, width, height)
    b.box((width - 0.01, height - 0.015, 0.045), color, (0, height / 2, 0))
    extra = choose(rng, "none", "grooves", "planks", "porthole", "slit")
    if extra == "grooves":
        for y in np.linspace(0.2, 0.8, int(rng.integers(2, 6))):
            b.box((width * 0.95, 0.012, 0.048), shade(color, 0.6), (0, float(y) * height, 0))
    elif extra == "planks":
        for x in np.linspace(-0.5, 0.5, int(rng.integers(4, 8)))[1:-1]:
            b.box((0.012, height * 0.97, 0.048), shade(color, 0.55), (float(x) * width, height / 2, 0))
        for y in (0.15, 0.85):
            b.box((width * 0.8, 0.05, 0.055), (50, 50, 54), (-width * 0.08, y * height, 0))
    elif extra == "porthole":
        b.cylinder(0.14, 0.052, pick(rng, GLASS)[1], (0, height * 0.75, 0), (np.pi / 2, 0, 0), sections=24)
        b.torus(0.14, 0.018, pick(rng, METAL)[1], (0, height * 0.75, 0.02))
    elif extra == "slit":
        b.box((0.09, height * 0.7, 0.05), pick(rng, GLASS)[1], (width * 0.2, height * 0.53, 0))
    side = 1 if chance(rng, 0.5) else -1
    _knob(b, rng, side * (width / 2 - 0.07), height * 0.49, -side)
    return name


def glass_door(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Leaf glazed all the way or in its upper part."""
    return _single(b, rng, choose(rng, "full", "half", "half"), WHITE, PAINT, WOOD, METAL)


def exterior_door(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Colored leaf with panels and small lights: squares, a fan, an oval; sometimes side lights."""
    name, color, around = _colors(rng, PAINT, PAINT, WOOD)
    _, glass = pick(rng, GLASS)
    width, height = _size(rng)
    _panels(b, rng, color, (0, 0.01, width - 0.01, height - 0.015), choose(rng, "two", "four", "six", "three"))
    light = choose(rng, "squares", "fan", "oval", "pane", "none")
    y = height * 0.8
    if light == "squares":
        for x in np.linspace(-0.5, 0.5, int(rng.integers(2, 5))):
            b.box((0.13, 0.16, 0.054), glass, (float(x) * width * 0.5, y, 0))
    elif light == "fan":
        b.extrude(arc((0, 0), width * 0.32, 0, np.pi, 13), 0.054, glass, (0, y - 0.1, 0))
        for angle in np.linspace(0, np.pi, 5):
            end = (width * 0.32 * float(np.cos(angle)), y - 0.1 + width * 0.32 * float(np.sin(angle)), 0.0)
            b.rod((0, y - 0.1, 0), end, 0.03, color, 4)
    elif light == "oval":
        b.ellipsoid((width * 0.22, height * 0.25, 0.03), glass, (0, height * 0.62, 0))
    elif light == "pane":
        sash(
            b,
            color,
            glass,
            (width * 0.66, height * 0.42),
            (int(rng.integers(1, 4)), int(rng.integers(1, 4))),
            0.05,
            0.056,
            (0, height * 0.7, 0),
        )
    side = 1 if chance(rng, 0.5) else -1
    _knob(b, rng, side * (width / 2 - 0.07), height * 0.47, -side)
    opening = width
    if chance(rng, 0.25):
        for edge in (-1, 1):
            at = (edge * (width / 2 + 0.17), height / 2, 0.0)
            sash(b, around, glass, (0.34, height), (1, int(rng.integers(1, 5))), 0.05, 0.06, at)
        opening += 0.68
    if chance(rng, 0.2):
        at = (0, height + 0.15, 0.0)
        sash(b, around, glass, (opening, 0.3), (int(rng.integers(1, 5)), 1), 0.05, 0.06, at)
        height += 0.3
    _surround(b, rng, around, opening, height)
    return name


def double_door(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Two leaves in one frame, closed or glazed."""
    name, color, around = _colors(rng, WHITE, WOOD, PAINT)
    width, height = rng.uniform(1.2, 1.8), rng.uniform(1.95, 2.3)
    share = 0.5 if chance(rng, 0.75) else rng.uniform(0.28, 0.4)
    _, glass = pick(rng, GLASS)
    kind = choose(rng, "two", "three", "four", "full", "half", "flat")
    _surround(b, rng, around, width, height)
    state = rng.bit_generator.state
    for low, high in ((0.0, share), (share, 1.0)):
        rng.bit_generator.state = state
        leaf = ((low + high - 1) / 2 * width, 0.01, (high - low) * width - 0.012, height - 0.015)
        _leaf(b, rng, color, leaf, kind, glass)
    seam = (share - 0.5) * width
    _knob(b, rng, seam + 0.07, height * 0.49, 1)
    if chance(rng, 0.5):
        _knob(b, rng, seam - 0.07, height * 0.49, -1)
    return name


def sliding_door(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Leaf or leaves on a rail: barn door, patio door or paper screens."""
    name, color, around = _colors(rng, WOOD, WHITE, METAL)
    height = rng.uniform(2.0, 2.3)
    _, glass = pick(rng, GLASS)
    if chance(rng, 0.4):
        width = rng.uniform(0.9, 1.1)
        _panels(b, rng, color, (0, 0.02, width, height), choose(rng, "one", "two"))
        if chance(rng, 0.6):
            for start, end in ((0.06, 0.5), (0.5, 0.94)):
                sign = 1 if start < 0.3 else -1
                b.rod(
                    (-sign * width * 0.42, start * height, 0.02),
                    (sign * width * 0.42, end * height, 0.02),
                    0.04,
                    color,
                    4,
                )
        b.box((width * 1.5, 0.05, 0.02), (44, 44, 48), (width * 0.2, height + 0.12, 0.03))
        for x in (-width * 0.35, width * 0.35):
            b.box((0.05, 0.28, 0.02), (44, 44, 48), (x, height + 0.02, 0.045))
            b.cylinder(0.05, 0.03, (44, 44, 48), (x, height + 0.16, 0.045), (np.pi / 2, 0, 0))
        b.rod((width * 0.4, height * 0.4, 0.05), (width * 0.4, height * 0.56, 0.05), 0.012, (44, 44, 48), 6)
        return name
    leaves = int(rng.choice([2, 2, 3, 4]))
    width = leaves * rng.uniform(0.7, 0.95)
    counts = (int(rng.integers(1, 4)), int(rng.integers(1, 6))) if chance(rng, 0.4) else (1, 1)
    frame(b, around, (width + 0.1, height + 0.1), 0.05, 0.14, (0, height / 2 + 0.04, 0), True)
    for place in range(leaves):
        x = (place - (leaves - 1) / 2) * width / leaves
        sash(
            b,
            color,
            glass,
            (width / leaves + 0.04, height),
            counts,
            rng.uniform(0.04, 0.08),
            0.04,
            (x, height / 2 + 0.03, 0.03 * (-1) ** place),
        )
    b.box((0.03, 0.22, 0.14), (60, 60, 64), (width / leaves * 0.5 - 0.05, height * 0.47, 0))
    return name


def screen_door(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Thin frame around mesh, with cross bars."""
    name, color, around = _colors(rng, WHITE, WOOD, METAL)
    width, height = _size(rng)
    _, mesh = pick(rng, {"mesh": (120, 124, 126), "dark mesh": (78, 80, 82), "light mesh": (178, 180, 182)})
    bar = rng.uniform(0.05, 0.1)
    frame(b, color, (width, height), bar, 0.04, (0, height / 2, 0), True)
    b.box((width - bar, height - bar, 0.006), mesh, (0, height / 2, 0))
    b.box((width, bar * rng.uniform(0.8, 2), 0.04), color, (0, height * rng.uniform(0.35, 0.5), 0))
    if chance(rng, 0.6):
        for x in np.linspace(-0.5, 0.5, int(rng.integers(3, 6)))[1:-1]:
            b.box((0.025, height, 0.03), color, (float(x) * width, height / 2, 0))
    if chance(rng, 0.4):
        b.box((width, height * 0.22, 0.03), color, (0, height * 0.13, 0))
    _surround(b, rng, around, width, height)
    _knob(b, rng, width / 2 - bar / 2, height * 0.47, -1)
    return name


def arched_door(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Leaf with a round or flat arch on top."""
    name, color, around = _colors(rng, WOOD, PAINT)
    width, height = _size(rng)
    height += 0.15
    rise = width / 2 * rng.uniform(0.35, 1.0)
    bar = rng.uniform(0.06, 0.12)
    b.extrude(arched_band(width + 2 * bar, height + bar, rise + bar, bar), rng.uniform(0.08, 0.2), around)
    b.extrude(arched_sheet(width, height, rise), 0.045, color)
    if chance(rng, 0.5):
        for x in np.linspace(-0.5, 0.5, int(rng.integers(4, 8)))[1:-1]:
            b.box((0.012, height - rise, 0.05), shade(color, 0.5), (float(x) * width, (height - rise) / 2, 0))
    else:
        _panels(b, rng, color, (0, 0.0, width, height - rise), choose(rng, "two", "four", "one"))
    if chance(rng, 0.5):
        pane = arched_sheet(width * 0.7, rise * 0.75, min(rise * 0.7, width * 0.3))
        b.extrude(pane, 0.054, pick(rng, GLASS)[1], (0, height - rise * 0.95, 0))
        grid(b, color, (width * 0.7, rise * 0.6), (3, 1), 0.02, 0.06, (0, height - rise * 0.65, 0))
    _knob(b, rng, width / 2 - 0.08, height * 0.45, -1)
    return name


def open_door(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Leaf standing open in its frame."""
    name, color, around = _colors(rng, WHITE, WOOD, PAINT)
    width, height = _size(rng)
    angle = rng.uniform(0.3, 1.5)
    leaf = ShapeBuilder()
    _leaf(
        leaf,
        rng,
        color,
        (width / 2, 0.01, width - 0.01, height - 0.015),
        choose(rng, "two", "six", "flat", "half", "full"),
        pick(rng, GLASS)[1],
    )
    _knob(leaf, rng, width - 0.07, height * 0.49, -1)
    b.merge(leaf, (-width / 2, 0, 0), (0, -angle, 0))
    bar = rng.uniform(0.05, 0.09)
    frame(b, around, (width + 2 * bar, height + bar), bar, rng.uniform(0.08, 0.2), (0, (height + bar) / 2, 0), False)
    return name


SUB_TYPES: dict[str, SubType] = {
    "panel door": panel_door,
    "flush door": flush_door,
    "glass door": glass_door,
    "exterior door": exterior_door,
    "double door": double_door,
    "sliding door": sliding_door,
    "screen door": screen_door,
    "arched door": arched_door,
    "open door": open_door,
}
