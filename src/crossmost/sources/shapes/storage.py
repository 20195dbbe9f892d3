"""Lockers, filing cabinets and chests."""

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder, arc
from crossmost.sources.shapes.fronts import (
    Hardware,
    add_front,
)
from crossmost.sources.shapes.legs import chance, choose
from crossmost.sources.shapes.palette import METAL, PAINT, WOOD, pick, shade


def locker(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Metal locker with vents, one to four doors wide."""
    name, color = pick(rng, METAL, PAINT)
    columns, rows = int(rng.integers(1, 4)), int(rng.choice([1, 1, 2, 3]))
    unit, height, depth = rng.uniform(0.3, 0.42), rng.uniform(0.6, 1.9), rng.uniform(0.4, 0.5)
    hardware = Hardware(choose(rng, "bar", "slot", "knob"), (60, 60, 64), (60, 60, 64))
    b.box((columns * unit, height, depth), color, (0, height / 2, 0))
    for column in range(columns):
        for row in range(rows):
            tall = height / rows
            left, low = (column - columns / 2) * unit, row * tall
            add_front(b, rng, (left, low, left + unit, low + tall), depth / 2 + 0.008, color, "flat", hardware, "left")
            for slit in range(4):
                at = (left + unit / 2, low + tall * 0.85 - slit * 0.035, depth / 2 + 0.02)
                b.box((unit * 0.5, 0.012, 0.006), shade(color, 0.45), at)
    return name


def filing_cabinet(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Two to four deep drawers with label holders."""
    name, color = pick(rng, METAL, PAINT, WOOD)
    rows, width, depth = int(rng.integers(2, 5)), rng.uniform(0.38, 0.5), rng.uniform(0.45, 0.65)
    tall = rng.uniform(0.26, 0.36)
    b.box((width, rows * tall, depth), color, (0, rows * tall / 2, 0))
    for row in range(rows):
        y = (row + 0.5) * tall
        b.box((width * 0.9, tall * 0.88, 0.02), shade(color, 1.06), (0, y, depth / 2 + 0.01))
        b.box((0.12, 0.03, 0.03), (200, 200, 204), (0, y + 0.02, depth / 2 + 0.03))
        b.box((0.08, 0.045, 0.006), (240, 240, 236), (0, y + 0.08, depth / 2 + 0.022))
    return name


def chest(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Trunk with a flat or vaulted lid and metal bands."""
    name, color = pick(rng, WOOD, PAINT)
    _, band = pick(rng, METAL)
    width, height, depth = rng.uniform(0.7, 1.2), rng.uniform(0.3, 0.5), rng.uniform(0.38, 0.55)
    b.box((width, height, depth), color, (0, height / 2, 0))
    if chance(rng, 0.55):
        rise = rng.uniform(0.1, 0.22)
        outline = arc((0, 0), (depth / 2 + 0.01, rise), 0, np.pi, 12)
        b.extrude(outline, width * 1.02, color, (0, height, 0), (0, np.pi / 2, 0))
        for x in (-width * 0.35, 0.0, width * 0.35):
            band_outline = arc((0, 0), (depth / 2 + 0.018, rise + 0.008), 0, np.pi, 12)
            b.extrude(band_outline, 0.05, band, (x, height, 0), (0, np.pi / 2, 0))
    else:
        b.box((width * 1.03, 0.05, depth * 1.04), shade(color, 0.85), (0, height + 0.025, 0))
    for x in (-width * 0.35, width * 0.35):
        b.box((0.05, height, depth * 1.015), band, (x, height / 2, 0))
    b.box((0.07, 0.09, 0.02), band, (0, height - 0.03, depth / 2 + 0.01))
    return name
