"""Tables for work: office and drawer desks, drafting tables, workbenches."""

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder
from crossmost.sources.shapes.legs import chance, choose, four_legs, one_leg
from crossmost.sources.shapes.palette import (
    LEATHER,
    METAL,
    PAINT,
    WHITE,
    WOOD,
    pick,
    shade,
)


def office_desk(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Plain or L-shaped top on metal feet, with modesty panel, drawers under it, or a monitor on it."""
    name, color = pick(rng, WOOD, WHITE, PAINT)
    _, frame = pick(rng, METAL, METAL, WHITE)
    width, depth, height = rng.uniform(1.1, 1.9), rng.uniform(0.6, 0.85), rng.uniform(0.7, 0.76)
    if chance(rng, 0.35):
        hand = 1 if chance(rng, 0.5) else -1
        arm, bend = rng.uniform(0.3, 0.7), rng.uniform(0.1, 0.35)
        x, z = width / 2, depth / 2
        outline = [
            (-x, -z),
            (x, -z),
            (x, z + arm),
            (x - 0.5, z + arm),
            (x - 0.5 - bend * 0.3, z + bend * 0.4),
            (-x + 0.1, z * 0.8),
            (-x, z * 0.8),
        ]
        b.extrude([(hand * u, v) for u, v in outline], 0.03, color, (0, height, 0), (np.pi / 2, 0, 0))
        for u, v in ((-x + 0.06, -z + 0.06), (-x + 0.06, z * 0.7), (x - 0.06, -z + 0.06), (x - 0.06, z + arm - 0.06)):
            one_leg(b, "round", frame, (hand * u, height, v), (hand * u, 0, v), 0.05)
    else:
        b.box((width, 0.03, depth), color, (0, height, 0))
        foot = choose(rng, "c", "t", "legs", "slabs")
        if foot == "legs":
            four_legs(b, rng, frame, (width, depth), height, 0.05, choose(rng, "round", "square"))
        for x in (-width * 0.46, width * 0.46):
            if foot == "slabs":
                b.box((0.03, height, depth), color, (x, height / 2, 0))
            elif foot != "legs":
                b.box((0.06, 0.04, depth * 0.95), frame, (x, 0.02, 0))
                b.box((0.05, height, 0.08), frame, (x, height / 2, -depth * 0.3 if foot == "c" else 0))
                b.box((0.06, 0.03, depth * 0.8), frame, (x, height - 0.02, 0))
        if chance(rng, 0.5):
            b.box((width * 0.9, height * 0.45, 0.02), color, (0, height * 0.7, -depth * 0.3))
    if chance(rng, 0.35):
        b.box((0.5, 0.3, 0.03), (30, 30, 34), (0, height + 0.3, -depth * 0.2))
        b.box((0.06, 0.2, 0.03), (40, 40, 44), (0, height + 0.1, -depth * 0.22))
        b.box((0.22, 0.015, 0.16), (40, 40, 44), (0, height + 0.02, -depth * 0.2))
    return name


def drawer_desk(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Writing desk with drawer pedestals, doors, hutch or shelves."""
    name, color = pick(rng, WOOD, WOOD, PAINT)
    front = color if chance(rng, 0.55) else pick(rng, PAINT, WOOD)[1]
    _, knob = pick(rng, METAL)
    width, depth, height = rng.uniform(1.0, 1.6), rng.uniform(0.5, 0.75), rng.uniform(0.7, 0.78)
    b.box((width, 0.03, depth), color, (0, height, 0))
    if chance(rng, 0.3):
        b.box((width * 0.8, 0.006, depth * 0.6), pick(rng, LEATHER)[1], (0, height + 0.016, 0.03))
    unit = rng.uniform(0.3, 0.42)
    low = rng.uniform(0.0, 0.14)
    sides = ((-1,), (1,), (-1, 1))[int(rng.integers(3))]
    for side in (-1, 1):
        x = side * (width / 2 - unit / 2 - 0.015)
        if side not in sides:
            edge = side * (width / 2 - 0.02)
            if chance(rng, 0.5):
                b.box((0.03, height, depth * 0.95), color, (edge, height / 2, 0))
            else:
                for z in (-depth * 0.45, depth * 0.45):
                    b.box((0.045, height, 0.045), color, (edge, height / 2, z))
            continue
        b.box((unit, height - low, depth * 0.93), color, (x, low + (height - low) / 2, 0))
        if low > 0.03:
            four_legs(b, rng, color, (unit, depth * 0.9), low, 0.04, "square", (x, 0))
        drawers = int(rng.integers(1, 5))
        for drawer in range(drawers):
            part = (height - low - 0.03) / drawers
            y = low + (drawer + 0.5) * part
            b.box((unit * 0.92, part * 0.88, 0.03), front, (x, y, depth * 0.465))
            b.box((unit * 0.3, 0.015, 0.02), knob, (x, y + part * 0.2, depth * 0.465 + 0.025))
    if chance(rng, 0.5):
        b.box((width * 0.97, height * 0.5, 0.02), color, (0, height * 0.7, -depth * 0.44))
    if chance(rng, 0.5):
        b.box((width * 0.6, 0.09, 0.02), front, (0, height - 0.06, depth * 0.44))
    if chance(rng, 0.35):
        rise, share = rng.uniform(0.25, 0.6), rng.uniform(0.35, 1.0)
        shift = (1 - share) * width / 2 * (1 if chance(rng, 0.5) else -1)
        for x in np.linspace(-width * share / 2 + 0.01, width * share / 2 - 0.01, int(rng.integers(2, 5))):
            b.box((0.02, rise, 0.25), color, (float(x) + shift, height + rise / 2, -depth / 2 + 0.125))
        for level in (0.5, 1.0):
            b.box((width * share, 0.02, 0.25), color, (shift, height + rise * level, -depth / 2 + 0.125))
    return name


def drafting_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tilted board on a stand."""
    name, color = pick(rng, WHITE, WOOD, PAINT)
    _, frame = pick(rng, METAL, WOOD)
    width, depth, height = rng.uniform(0.9, 1.5), rng.uniform(0.6, 0.9), rng.uniform(0.7, 0.9)
    tilt = rng.uniform(0.05, 0.8)
    b.box((width, 0.03, depth), color, (0, height, 0), (tilt, 0, 0))
    b.box(
        (width, 0.03, 0.05),
        frame,
        (0, height - depth / 2 * float(np.sin(tilt)) + 0.02, depth / 2 * float(np.cos(tilt))),
    )
    for x in (-width * 0.4, width * 0.4):
        b.box((0.06, height, 0.08), frame, (x, height / 2 - 0.01, 0))
        b.box((0.07, 0.05, depth * 0.85), frame, (x, 0.025, 0))
    b.box((width * 0.8, 0.05, 0.03), frame, (0, height * 0.25, 0))
    return name


def workbench(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Sturdy table with a lower shelf, tool wall, drawers or a vice."""
    name, color = pick(rng, WOOD)
    frame = color if chance(rng, 0.4) else pick(rng, METAL, PAINT)[1]
    width, depth, height = rng.uniform(1.0, 1.8), rng.uniform(0.5, 0.75), rng.uniform(0.8, 0.95)
    b.box((width, rng.uniform(0.04, 0.09), depth), color, (0, height, 0))
    four_legs(b, rng, frame, (width * 0.96, depth * 0.94), height, rng.uniform(0.05, 0.1), "square")
    b.box((width * 0.94, 0.04, depth * 0.9), color, (0, height * rng.uniform(0.15, 0.35), 0))
    if chance(rng, 0.6):
        rise = rng.uniform(0.4, 0.9)
        b.box((width, rise, 0.03), pick(rng, WOOD, PAINT)[1], (0, height + rise / 2, -depth / 2 + 0.02))
        for x in (-width / 2, width / 2):
            b.box((0.05, rise, 0.06), frame, (x, height + rise / 2, -depth / 2 + 0.03))
        b.box((width, 0.03, 0.22), color, (0, height + rise * rng.uniform(0.5, 1.0), -depth / 2 + 0.11))
    if chance(rng, 0.4):
        b.box((width * 0.35, 0.3, depth * 0.8), frame, (width * 0.25, height - 0.18, 0))
        b.box((0.1, 0.02, 0.03), shade(frame, 0.5), (width * 0.25, height - 0.15, depth * 0.42))
    return name
