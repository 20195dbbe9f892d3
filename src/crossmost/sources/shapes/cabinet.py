"""Cabinets: wardrobes, dressers, bookcases, shelves, kitchen units, lockers, filing and display cabinets, chests."""

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder, SubType, arc
from crossmost.sources.shapes.fronts import (
    add_carcass,
    add_crown,
    add_feet,
    add_front,
    add_fronts,
    add_shelf_content,
    add_shelves,
    draw_hardware,
)
from crossmost.sources.shapes.legs import chance, choose
from crossmost.sources.shapes.palette import METAL, PAINT, PLASTIC, STONE, WHITE, WOOD, pick, shade
from crossmost.sources.shapes.storage import chest, filing_cabinet, locker


def wardrobe(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tall closed body with hinged or sliding doors, sometimes drawers below or a mirror."""
    name, color = pick(rng, WOOD, WHITE, PAINT)
    front = color if chance(rng, 0.6) else pick(rng, WHITE, WOOD, PAINT)[1]
    size = (rng.uniform(0.8, 2.2), rng.uniform(1.7, 2.3), rng.uniform(0.5, 0.65))
    low = add_feet(b, rng, color, size[0], size[2])
    b.box(size, color, (0, low + size[1] / 2, 0))
    add_crown(b, rng, color, size, low)
    handle, columns = draw_hardware(rng), max(2, round(size[0] / rng.uniform(0.4, 0.65)))
    z, half = size[2] / 2 + 0.01, size[0] / 2 - 0.015
    split = low + (rng.uniform(0.2, 0.45) if chance(rng, 0.4) else 0.02)
    if split > low + 0.1:
        add_fronts(
            b, rng, (-half, low + 0.02, half, split), z, front, "drawers", "flat", handle, max(1, columns // 2), 1
        )
    style = choose(rng, "flat", "flat", "frame", "louver", "glass")
    rows = int(rng.choice([1, 1, 1, 4]))
    if rows == 4:
        handle = handle._replace(style="none")
        b.box((half * 2, size[1] - 0.03, 0.012), pick(rng, METAL)[1], (0, low + size[1] / 2, size[2] / 2 + 0.003))
    add_fronts(
        b,
        rng,
        (-half, split, half, low + size[1] - 0.02),
        z,
        front,
        "doors",
        style if rows == 1 else "flat",
        handle,
        columns,
        rows,
    )
    return name


def dresser(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Rows of drawers, one to three columns, low or tall."""
    name, color = pick(rng, WOOD, WOOD, PAINT, WHITE)
    front = color if chance(rng, 0.7) else pick(rng, PAINT, WOOD)[1]
    columns, rows = int(rng.integers(1, 4)), int(rng.integers(2, 7))
    size = (0.2 + columns * rng.uniform(0.3, 0.5), max(0.5, rows * rng.uniform(0.16, 0.24)), rng.uniform(0.4, 0.55))
    low = add_feet(b, rng, color, size[0], size[2])
    b.box(size, color, (0, low + size[1] / 2, 0))
    b.box((size[0] + 0.04, 0.03, size[2] + 0.03), color, (0, low + size[1] + 0.015, 0))
    half = size[0] / 2 - 0.02
    style = choose(rng, "flat", "flat", "frame")
    add_fronts(
        b,
        rng,
        (-half, low + 0.03, half, low + size[1] - 0.02),
        size[2] / 2 + 0.01,
        front,
        "drawers",
        style,
        draw_hardware(rng),
        columns,
        rows,
    )
    if chance(rng, 0.2):
        b.box((size[0], 0.12, 0.025), color, (0, low + size[1] + 0.08, -size[2] / 2 + 0.012))
    return name


def bookcase(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Open case with shelves, filled with books or empty."""
    name, color = pick(rng, WOOD, WOOD, WHITE, PAINT)
    size = (rng.uniform(0.4, 1.5), rng.uniform(0.8, 2.2), rng.uniform(0.25, 0.42))
    low = add_feet(b, rng, color, size[0], size[2])
    add_carcass(b, color, size, low)
    add_crown(b, rng, color, size, low)
    bottom = low + 0.02
    if chance(rng, 0.35):
        bottom = low + size[1] * rng.uniform(0.2, 0.45)
        b.box((size[0] - 0.04, bottom - low, size[2] * 0.97), color, (0, (bottom + low) / 2, 0))
        half = size[0] / 2 - 0.02
        add_fronts(
            b,
            rng,
            (-half, low, half, bottom),
            size[2] / 2 + 0.005,
            color,
            "doors",
            choose(rng, "flat", "frame"),
            draw_hardware(rng),
            2,
        )
    rect = (-size[0] / 2 + 0.02, bottom, size[0] / 2 - 0.02, low + size[1] - 0.02)
    rows = max(2, round((rect[3] - bottom) / rng.uniform(0.28, 0.42)))
    columns = max(1, round(size[0] / rng.uniform(0.4, 0.9)))
    add_shelves(b, rng, color, rect, size[2], rows, columns, float(rng.choice([0.0, 0.25, 0.85])))
    return name


def shelves(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Boards on open posts or ladders, without sides."""
    name, color = pick(rng, WOOD, METAL, WHITE, PLASTIC)
    _, frame = pick(rng, METAL, WOOD)
    width, height, depth = rng.uniform(0.6, 1.2), rng.uniform(1.0, 2.0), rng.uniform(0.28, 0.45)
    rows = int(rng.integers(3, 7))
    bar = rng.uniform(0.012, 0.022)
    for x in (-width / 2, width / 2):
        for z in (-depth / 2, depth / 2):
            b.rod((x, 0, z), (x, height, z), bar, frame, int(rng.choice([4, 8])))
        if chance(rng, 0.4):
            b.rod((x, 0.1, -depth / 2), (x, height - 0.05, depth / 2), bar * 0.5, frame, 6)
    if chance(rng, 0.3):
        b.rod((-width / 2, 0.1, -depth / 2), (width / 2, height * 0.9, -depth / 2), bar * 0.5, frame, 6)
        b.rod((width / 2, 0.1, -depth / 2), (-width / 2, height * 0.9, -depth / 2), bar * 0.5, frame, 6)
    filled = float(rng.choice([0.0, 0.0, 0.7]))
    for row in range(rows):
        y = 0.06 + row * (height - 0.1) / (rows - 1)
        b.box((width, 0.03, depth), color, (0, y, 0))
        if row < rows - 1 and chance(rng, filled):
            add_shelf_content(
                b, rng, -width / 2 + 0.03, width / 2 - 0.03, y + 0.015, (height - 0.1) / (rows - 1), depth
            )
    return name


def cube_shelves(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Grid of square compartments, some closed by colored doors or back panels."""
    name, color = pick(rng, WHITE, WOOD, PAINT)
    columns, rows = int(rng.integers(1, 5)), int(rng.integers(2, 6))
    unit, depth = rng.uniform(0.32, 0.42), rng.uniform(0.3, 0.42)
    size = (columns * unit, rows * unit, depth)
    add_carcass(b, color, size, 0.0)
    add_shelves(
        b, rng, color, (-size[0] / 2, 0.0, size[0] / 2, size[1]), depth, rows, columns, float(rng.choice([0.0, 0.3]))
    )
    for column in range(columns):
        for row in range(rows):
            if chance(rng, 0.35):
                _, panel = pick(rng, PAINT, WHITE, WOOD)
                z = depth / 2 if chance(rng, 0.7) else -depth / 2 + 0.015
                at = ((column + 0.5) * unit - size[0] / 2, (row + 0.5) * unit, z)
                b.box((unit - 0.025, unit - 0.025, 0.018), panel, at)
                if z > 0:
                    b.ball(0.014, (60, 60, 64), (at[0], at[1], z + 0.02))
    return name


def lower_cabinet(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Kitchen base unit with worktop: doors, drawers or both, also a corner unit."""
    name, color = pick(rng, WHITE, WOOD, PAINT)
    front = color if chance(rng, 0.5) else pick(rng, WHITE, WOOD, PAINT)[1]
    _, worktop = pick(rng, STONE, WOOD, METAL)
    size = (rng.uniform(0.3, 1.2), rng.uniform(0.7, 0.8), rng.uniform(0.55, 0.65))
    b.box((size[0], 0.1, size[2] * 0.88), shade(color, 0.6), (0, 0.05, -0.03))
    style, handle = choose(rng, "flat", "flat", "frame"), draw_hardware(rng)
    high = 0.1 + size[1]
    if chance(rng, 0.15):
        side = rng.uniform(0.8, 0.95)
        cut, half = 0.4, side / 2
        outline = [(-half, -half), (half, -half), (half, half - cut), (half - cut, half), (-half, half)]
        b.extrude(outline, size[1], color, (0, 0.1 + size[1] / 2, 0), (np.pi / 2, 0, 0))
        b.extrude([(1.03 * u, 1.03 * v) for u, v in outline], 0.04, worktop, (0, high + 0.02, 0), (np.pi / 2, 0, 0))
        b.box(
            (0.5, size[1] * 0.95, 0.02), front, (half - cut / 2, 0.1 + size[1] / 2, half - cut / 2), (0, np.pi / 4, 0)
        )
        return name
    b.box(size, color, (0, 0.1 + size[1] / 2, 0))
    b.box((size[0] + 0.02, 0.04, size[2] + 0.04), worktop, (0, high + 0.02, 0.01))
    half, z = size[0] / 2, size[2] / 2 + 0.01
    columns = 1 if size[0] < 0.6 else 2
    split = high - float(rng.choice([0.0, 0.18, size[1]]))
    if split < high:
        rows = 1 if split > 0.2 else int(rng.integers(2, 5))
        add_fronts(
            b, rng, (-half, split, half, high), z, front, "drawers", style, handle, 1 if rows > 1 else columns, rows
        )
    if split > 0.2:
        add_fronts(b, rng, (-half, 0.1, half, split), z, front, "doors", style, handle, columns)
    if chance(rng, 0.3):
        b.box((size[0] + 0.02, 0.06, 0.02), worktop, (0, high + 0.07, -size[2] / 2))
    return name


def upper_cabinet(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Kitchen wall unit: closed, glazed, open shelves or a slanted open corner."""
    name, color = pick(rng, WHITE, WOOD, PAINT)
    front = color if chance(rng, 0.5) else pick(rng, WHITE, WOOD)[1]
    size = (rng.uniform(0.3, 1.1), rng.uniform(0.35, 0.95), rng.uniform(0.3, 0.38))
    half, z = size[0] / 2, size[2] / 2 + 0.01
    if chance(rng, 0.15):
        outline = [(0, 0), *arc((0, 0), 0.38, 0, np.pi / 2, 8)]
        for y in np.linspace(0, size[1], int(rng.integers(3, 6))):
            b.extrude(outline, 0.02, color, (0, float(y), 0), (np.pi / 2, 0, 0))
        b.box((0.38, size[1], 0.02), color, (0.19, size[1] / 2, 0))
        b.box((0.02, size[1], 0.38), color, (0, size[1] / 2, 0.19))
        return name
    style = choose(rng, "flat", "frame", "glass", "grid", "open")
    if style in ("glass", "grid", "open"):
        add_carcass(b, color, size, 0.0)
        add_shelves(b, rng, color, (-half, 0.0, half, size[1]), size[2], int(rng.integers(2, 4)), 1, 0.2)
    else:
        b.box(size, color, (0, size[1] / 2, 0))
    if style != "open":
        add_fronts(
            b, rng, (-half, 0, half, size[1]), z, front, "doors", style, draw_hardware(rng), 1 if size[0] < 0.6 else 2
        )
    add_crown(b, rng, color, size, 0.0)
    return name


def high_cabinet(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Narrow tall unit, sometimes with an oven or open compartments between doors."""
    name, color = pick(rng, WHITE, WOOD, PAINT)
    front = color if chance(rng, 0.5) else pick(rng, WHITE, WOOD)[1]
    size = (rng.uniform(0.35, 0.7), rng.uniform(1.6, 2.2), rng.uniform(0.32, 0.62))
    b.box(size, color, (0, size[1] / 2, 0))
    half, z, handle = size[0] / 2, size[2] / 2 + 0.01, draw_hardware(rng)
    style = choose(rng, "flat", "frame")
    low, high = size[1] * rng.uniform(0.35, 0.45), size[1] * rng.uniform(0.55, 0.7)
    add_fronts(
        b,
        rng,
        (-half, 0.06, half, low),
        z,
        front,
        choose(rng, "doors", "drawers"),
        style,
        handle,
        1,
        int(rng.integers(1, 3)),
    )
    add_fronts(
        b,
        rng,
        (-half, high, half, size[1]),
        z,
        front,
        "doors",
        choose(rng, style, "glass"),
        handle,
        int(rng.integers(1, 3)),
    )
    middle = choose(rng, "oven", "open", "drawer")
    y = (low + high) / 2
    if middle == "oven":
        b.box((size[0] * 0.95, high - low - 0.02, 0.025), pick(rng, METAL)[1], (0, y, z))
        b.box((size[0] * 0.7, (high - low) * 0.5, 0.01), (24, 24, 28), (0, y - 0.03, z + 0.014))
        b.rod((-size[0] * 0.35, high - 0.1, z + 0.04), (size[0] * 0.35, high - 0.1, z + 0.04), 0.01, (190, 190, 194))
    elif middle == "open":
        b.box((size[0] * 0.9, high - low - 0.03, 0.01), shade(color, 0.45), (0, y, z - 0.008))
    else:
        add_fronts(b, rng, (-half, low, half, high), z, front, "drawers", style, handle, 1, 2)
    return name


def sideboard(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Long low unit mixing doors, drawers and open parts; television cabinets."""
    name, color = pick(rng, WOOD, WHITE, PAINT)
    front = color if chance(rng, 0.5) else pick(rng, WHITE, WOOD, PAINT)[1]
    size = (rng.uniform(1.1, 2.2), rng.uniform(0.4, 0.95), rng.uniform(0.38, 0.5))
    low = add_feet(b, rng, color, size[0], size[2])
    add_carcass(b, color, size, low, shade(color, 0.6))
    columns = int(rng.integers(2, 5))
    wide, handle, z = (size[0] - 0.03) / columns, draw_hardware(rng), size[2] / 2
    style = choose(rng, "flat", "flat", "frame")
    for column in range(columns):
        left = -size[0] / 2 + 0.015 + column * wide
        cell = (left, low + 0.02, left + wide, low + size[1] - 0.02)
        kind = choose(rng, "doors", "doors", "drawers", "open", "glass")
        b.box((0.02, size[1] - 0.02, size[2] * 0.97), color, (left, low + size[1] / 2, 0))
        if kind == "open":
            add_shelves(b, rng, color, cell, size[2], int(rng.integers(1, 4)), 1, 0.4)
        else:
            rows = int(rng.integers(2, 4)) if kind == "drawers" else 1
            add_fronts(b, rng, cell, z, front, kind, "glass" if kind == "glass" else style, handle, 1, rows)
    if chance(rng, 0.3):
        rise, share = rng.uniform(0.5, 1.1), rng.uniform(0.25, 0.6)
        side = 1 if chance(rng, 0.5) else -1
        center = side * size[0] * (1 - share) / 2
        half = size[0] * share / 2
        base = low + size[1]
        for x in (center - half, center + half):
            b.box((0.02, rise, size[2] * 0.7), color, (x, base + rise / 2, -size[2] * 0.15))
        for level in np.linspace(0.35, 1.0, int(rng.integers(2, 4))):
            b.box((half * 2, 0.022, size[2] * 0.7), color, (center, base + rise * float(level), -size[2] * 0.15))
        b.box((half * 2, rise, 0.012), shade(color, 0.9), (center, base + rise / 2, -size[2] / 2 + 0.01))
    return name


def display_cabinet(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Glazed upper part over doors or glazed all the way."""
    name, color = pick(rng, WOOD, WHITE, METAL)
    size = (rng.uniform(0.5, 1.6), rng.uniform(1.4, 2.1), rng.uniform(0.3, 0.45))
    low = add_feet(b, rng, color, size[0], size[2])
    add_carcass(b, color, size, low)
    add_crown(b, rng, color, size, low)
    half, z, handle = size[0] / 2, size[2] / 2 + 0.01, draw_hardware(rng)
    split = low + size[1] * float(rng.choice([0.02, 0.3, 0.45]))
    columns = max(1, round(size[0] / 0.45))
    if split > low + 0.1:
        b.box((size[0] - 0.03, split - low, size[2] * 0.96), color, (0, (split + low) / 2, 0))
        add_fronts(
            b, rng, (-half, low, half, split), z, color, choose(rng, "doors", "drawers"), "frame", handle, columns
        )
    add_shelves(b, rng, color, (-half, split, half, low + size[1]), size[2] * 0.9, int(rng.integers(3, 6)), 1, 0.3)
    add_fronts(
        b,
        rng,
        (-half, split, half, low + size[1]),
        z,
        color,
        "doors",
        choose(rng, "glass", "glass", "grid"),
        handle,
        columns,
    )
    return name


def wall_unit(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Wide bookcase of several sections of different heights and fronts, with a gap for a television."""
    name, color = pick(rng, WOOD, WHITE)
    columns, unit = int(rng.integers(3, 6)), rng.uniform(0.4, 0.6)
    height, depth = rng.uniform(1.5, 2.2), rng.uniform(0.32, 0.48)
    handle, base = draw_hardware(rng), rng.uniform(0.4, 0.7)
    width = columns * unit
    gap = (1, columns - 2) if chance(rng, 0.6) else (1, 0)
    for column in range(columns):
        left = -width / 2 + column * unit
        x, z = left + unit / 2, depth / 2 + 0.008
        b.box((unit, base, depth), color, (x, base / 2, 0))
        add_fronts(
            b, rng, (left, 0.03, left + unit, base), z, color, choose(rng, "doors", "drawers"), "frame", handle, 1, 2
        )
        if gap[0] <= column <= gap[1]:
            b.box((unit, 0.3, depth), color, (x, height - 0.15, 0))
            add_front(b, rng, (left, height - 0.3, left + unit, height), z, color, "flat", handle, "drawer")
            continue
        for edge in (left + 0.01, left + unit - 0.01):
            b.box((0.02, height - base, depth), color, (edge, (height + base) / 2, 0))
        b.box((unit, 0.02, depth), color, (x, height, 0))
        b.box((unit, height - base, 0.012), shade(color, 0.85), (x, (height + base) / 2, -depth / 2))
        add_shelves(b, rng, color, (left, base, left + unit, height), depth, int(rng.integers(3, 6)), 1, 0.4)
        if chance(rng, 0.45):
            add_front(
                b,
                rng,
                (left, base, left + unit, height),
                z,
                color,
                choose(rng, "glass", "frame", "flat"),
                handle,
                "left",
            )
    return name


SUB_TYPES: dict[str, SubType] = {
    "wardrobe": wardrobe,
    "dresser with drawers": dresser,
    "bookcase": bookcase,
    "open shelves": shelves,
    "cube shelves": cube_shelves,
    "lower kitchen cabinet": lower_cabinet,
    "upper kitchen cabinet": upper_cabinet,
    "high cabinet": high_cabinet,
    "sideboard cabinet": sideboard,
    "glass door display cabinet": display_cabinet,
    "wall unit bookcase": wall_unit,
    "locker": locker,
    "filing cabinet": filing_cabinet,
    "chest": chest,
}
