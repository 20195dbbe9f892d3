"""Tables: dining, round, coffee, glass, bar, folding, trestle, picnic, desks, drafting tables, workbenches."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder, SubType, arc
from crossmost.sources.shapes.desk import drafting_table, drawer_desk, office_desk, workbench
from crossmost.sources.shapes.legs import chance, choose, four_legs, pedestal, stretchers
from crossmost.sources.shapes.palette import (
    FABRIC,
    GLASS,
    METAL,
    PAINT,
    PLASTIC,
    STONE,
    WHITE,
    WICKER,
    WOOD,
    pick,
    shade,
)


def _top(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    form: str,
    size: tuple[float, float],
    y: float,
    thick: float,
) -> None:
    """Table top of a form (rectangle, oval, rounded, octagon, boat) whose upper side is at ``y``."""
    x, z = size[0] / 2, size[1] / 2
    if form == "rectangle":
        b.box((size[0], thick, size[1]), color, (0, y - thick / 2, 0))
        return
    if form == "oval":
        outline = arc((0, 0), (x, z), 0, 2 * np.pi, 33)[:-1]
    elif form == "octagon":
        outline = arc((0, 0), (x, z), 0, 2 * np.pi, 9)[:-1]
    elif form == "boat":
        bulge = np.linspace(-1, 1, 9)
        side = [(float(u) * x, z * (1 - 0.22 * float(u * u))) for u in bulge]
        outline = side[::-1] + [(u, -v) for u, v in side]
    else:
        radius = min(x, z) * rng.uniform(0.15, 0.6)
        outline = []
        for corner, (sx, sz) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
            start = corner * np.pi / 2
            outline += arc((sx * (x - radius), sz * (z - radius)), radius, start, start + np.pi / 2, 6)
    b.extrude(outline, thick, color, (0, y - thick / 2, 0), (np.pi / 2, 0, 0))


def _legged(
    b: ShapeBuilder,
    rng: np.random.Generator,
    top: Color,
    leg: Color,
    size: tuple[float, float],
    height: float,
    form: str = "rectangle",
) -> None:
    thick, leg_thick = rng.uniform(0.015, 0.05), rng.uniform(0.035, 0.1)
    inset = rng.uniform(0.85, 1.0) if form == "rectangle" else rng.uniform(0.6, 0.72)
    span = (size[0] * inset, size[1] * inset)
    _top(b, rng, top, form, size, height, thick)
    style = four_legs(b, rng, leg, span, height - thick, leg_thick)
    if chance(rng, 0.55) and style != "hairpin":
        apron = rng.uniform(0.05, 0.12)
        b.box((span[0] - leg_thick * 0.6, apron, span[1] - leg_thick * 0.6), leg, (0, height - thick - apron / 2, 0))
    if chance(rng, 0.2) and style not in ("hairpin", "splayed"):
        stretchers(b, rng, leg, (span[0] - leg_thick, span[1] - leg_thick), height * rng.uniform(0.12, 0.3), leg_thick)


def dining_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Rectangular table on four legs."""
    name, color = pick(rng, WOOD, WOOD, PAINT)
    leg = color if chance(rng, 0.6) else pick(rng, METAL, WHITE, WOOD)[1]
    form = choose(rng, "rectangle", "rectangle", "rounded", "boat")
    _legged(b, rng, color, leg, (rng.uniform(1.0, 2.2), rng.uniform(0.7, 1.0)), rng.uniform(0.7, 0.78), form)
    return name


def square_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Small square table, also child-sized."""
    name, color = pick(rng, WOOD, PAINT, PLASTIC, WICKER)
    leg = color if chance(rng, 0.6) else pick(rng, METAL, WOOD)[1]
    side, height = rng.uniform(0.5, 0.95), rng.uniform(0.45, 0.78)
    if chance(rng, 0.25):
        _top(b, rng, color, "rectangle", (side, side), height, 0.03)
        pedestal(b, rng, leg, height - 0.02, side * 0.35)
    else:
        _legged(b, rng, color, leg, (side, side * rng.uniform(0.8, 1.0)), height, choose(rng, "rectangle", "rounded"))
    return name


def round_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Round or oval top on a pedestal or legs."""
    name, color = pick(rng, WOOD, WHITE, PAINT)
    leg = color if chance(rng, 0.5) else pick(rng, METAL, WOOD)[1]
    size, height = rng.uniform(0.8, 1.4), rng.uniform(0.7, 0.78)
    ratio = 1.0 if chance(rng, 0.7) else rng.uniform(0.55, 0.85)
    form = "octagon" if chance(rng, 0.1) else "oval"
    if chance(rng, 0.55):
        _top(b, rng, color, form, (size, size * ratio), height, rng.uniform(0.02, 0.05))
        pedestal(b, rng, leg, height - 0.02, size * rng.uniform(0.25, 0.38))
    else:
        _legged(b, rng, color, leg, (size, size * ratio), height, form)
    return name


def cafe_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Small bistro table: column on a disc or thin curved legs; normal or bar height."""
    name, color = pick(rng, METAL, STONE, WHITE, WOOD)
    frame = color if chance(rng, 0.4) else pick(rng, METAL)[1]
    size = rng.uniform(0.5, 0.8)
    height = rng.uniform(0.95, 1.1) if chance(rng, 0.3) else rng.uniform(0.68, 0.76)
    _top(
        b,
        rng,
        color,
        choose(rng, "oval", "oval", "rectangle", "rounded"),
        (size, size),
        height,
        rng.uniform(0.012, 0.035),
    )
    if chance(rng, 0.55):
        pedestal(b, rng, frame, height - 0.01, size * rng.uniform(0.28, 0.42))
        return name
    legs = int(rng.choice([3, 4]))
    waist = rng.uniform(0.08, 0.25)
    for leg in range(legs):
        angle = 2 * np.pi * leg / legs + 0.4
        rows = [(0.45, 0.0), (0.3, 0.15), (waist, 0.5), (0.3, 0.85), (0.42, 0.98)]
        path = [(r * size * np.cos(angle), y * height, r * size * np.sin(angle)) for r, y in rows]
        b.tube(path, 0.012, frame)
    b.torus(waist * size, 0.009, frame, (0, height / 2, 0), (np.pi / 2, 0, 0))
    return name


def coffee_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Low table, sometimes with a shelf, a glass panel or tray top."""
    name, color = pick(rng, WOOD, WOOD, PAINT, STONE, WICKER)
    frame = color if chance(rng, 0.5) else pick(rng, METAL, WOOD)[1]
    size = (rng.uniform(0.8, 1.4), rng.uniform(0.45, 0.8))
    height = rng.uniform(0.3, 0.5)
    form = choose(rng, "rectangle", "rectangle", "oval", "rounded")
    kind = choose(rng, "legs", "legs", "shelf", "frame", "block", "panel", "loops")
    if kind == "block":
        b.box((size[0], height, size[1]), color, (0, height / 2, 0))
        b.box((size[0] * 1.01, 0.02, size[1] * 1.01), shade(color, 0.75), (0, height * rng.uniform(0.5, 0.9), 0))
    elif kind == "frame":
        four_legs(b, rng, frame, size, height, 0.03, "square")
        for y in (0.015, height - 0.03):
            for z in (-size[1] / 2, size[1] / 2):
                b.box((size[0], 0.03, 0.03), frame, (0, y, z * 0.97))
            for x in (-size[0] / 2, size[0] / 2):
                b.box((0.03, 0.03, size[1]), frame, (x * 0.97, y, 0))
        b.box((size[0], 0.02, size[1]), color, (0, height, 0))
        b.box((size[0], 0.015, size[1]), pick(rng, GLASS, WOOD)[1], (0, height * 0.45, 0))
    elif kind == "loops":
        _top(b, rng, color, "rectangle", size, height, 0.06)
        for x in (-size[0] * 0.4, size[0] * 0.4):
            z = size[1] * 0.45
            b.tube([(x, height, -z), (x * 1.1, 0.01, -z), (x * 1.1, 0.01, z), (x, height, z)], 0.012, frame)
    elif kind == "panel":
        _legged(b, rng, color, frame, size, height)
        b.box((size[0] * 0.8, 0.012, size[1] * 0.7), pick(rng, GLASS, STONE, WOOD)[1], (0, height, 0))
    else:
        _legged(b, rng, color, frame, size, height, form if kind == "legs" else "rectangle")
        if kind == "shelf":
            b.box((size[0] * 0.85, 0.025, size[1] * 0.85), color, (0, height * 0.35, 0))
    return name


def glass_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Glass top on metal or wood."""
    name, color = pick(rng, GLASS)
    _, frame = pick(rng, METAL, METAL, WOOD, PAINT)
    size, height = (rng.uniform(0.9, 1.9), rng.uniform(0.6, 1.0)), rng.uniform(0.4, 0.76)
    form = choose(rng, "rectangle", "rectangle", "oval", "rounded")
    base = choose(rng, "legs", "rim", "cross", "trapezoid")
    if base == "cross":
        for sx, sz in ((1, 1), (1, -1)):
            b.rod(
                (-sx * size[0] * 0.35, 0, -sz * size[1] * 0.35),
                (sx * size[0] * 0.35, height, sz * size[1] * 0.35),
                0.018,
                frame,
            )
            b.rod(
                (sx * size[0] * 0.35, 0, sz * size[1] * 0.35),
                (-sx * size[0] * 0.35, height, -sz * size[1] * 0.35),
                0.018,
                frame,
            )
    elif base == "trapezoid":
        for x in (-size[0] * 0.42, size[0] * 0.42):
            z = size[1] / 2
            b.tube([(x, height, -z * 0.8), (x * 0.9, 0.02, -z), (x * 0.9, 0.02, z), (x, height, z * 0.8)], 0.018, frame)
        b.rod((-size[0] * 0.4, height * 0.5, 0), (size[0] * 0.4, height * 0.5, 0), 0.012, frame)
    else:
        inset = 1.0 if form == "rectangle" else 0.68
        span = (size[0] * inset, size[1] * inset)
        four_legs(b, rng, frame, span, height, rng.uniform(0.03, 0.06), choose(rng, "square", "round"))
        if base == "rim":
            for z in (-span[1] / 2, span[1] / 2):
                b.box((span[0], 0.04, 0.03), frame, (0, height - 0.03, z * 0.95))
            for x in (-span[0] / 2, span[0] / 2):
                b.box((0.03, 0.04, span[1]), frame, (x * 0.95, height - 0.03, 0))
    _top(b, rng, color, form, size, height + 0.012, 0.012)
    return name


def tablecloth_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Table under a cloth that hangs down in folds."""
    name, color = pick(rng, FABRIC)
    radius, height = rng.uniform(0.4, 0.8), rng.uniform(0.7, 0.78)
    drop, ripples, depth = rng.uniform(0.25, 0.98), int(rng.integers(7, 16)), rng.uniform(0.01, 0.06)
    around = np.linspace(0, 2 * np.pi, 73)
    square = chance(rng, 0.4)
    ratio = rng.uniform(0.6, 1.0) if square else 1.0
    norm = np.maximum(np.abs(np.cos(around)), np.abs(np.sin(around))) if square else np.ones_like(around)
    rows = [np.column_stack([around * 0, around * 0 + height, around * 0])]
    for share in (0.0, 0.1, 0.4, 0.7, 1.0):
        wave = depth * share * np.cos(ripples * around)
        wide = (radius + 0.04 * share) / norm + wave
        y = height - share * drop * height + 0 * around
        rows.append(np.column_stack([wide * np.cos(around), y, ratio * wide * np.sin(around)]))
    second = color if chance(rng, 0.5) else pick(rng, FABRIC)[1]
    b.surface(np.array(rows[:3]), color, 0.006)
    b.surface(np.array(rows[2:]), second if chance(rng, 0.4) else color, 0.006)
    if drop < 0.9:
        four_legs(b, rng, pick(rng, WOOD, METAL)[1], (radius * 1.3, radius * 1.3 * ratio), height, 0.05)
    if chance(rng, 0.4):
        for x in np.linspace(-radius * 0.6, radius * 0.6, 5):
            b.box((radius * 0.12, 0.006, radius * 1.2 * ratio), second, (float(x), height + 0.004, 0))
    return name


def folding_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Light top on trestles, folding tubes or crossed legs."""
    name, color = pick(rng, WOOD, PLASTIC, WHITE)
    _, frame = pick(rng, METAL, WOOD)
    size, height = (rng.uniform(1.1, 2.0), rng.uniform(0.6, 0.85)), rng.uniform(0.68, 0.76)
    _top(b, rng, color, choose(rng, "rectangle", "rounded"), size, height, 0.04)
    kind = choose(rng, "trestles", "tubes", "cross")
    z = size[1] * 0.42
    for side in (-1, 1):
        x = side * size[0] * 0.32
        if kind == "trestles":
            for lean in (-0.16, 0.16):
                b.rod((x + lean, 0, -z), (x, height - 0.04, -z * 0.8), 0.02, frame, 4)
                b.rod((x + lean, 0, z), (x, height - 0.04, z * 0.8), 0.02, frame, 4)
                b.rod((x + lean * 0.7, height * 0.3, -z), (x + lean * 0.7, height * 0.3, z), 0.016, frame, 4)
            b.box((0.05, 0.06, z * 2), frame, (x, height - 0.07, 0))
        elif kind == "tubes":
            b.tube(
                [(x, height - 0.03, -z), (x * 1.15, 0.01, -z), (x * 1.15, 0.01, z), (x, height - 0.03, z)], 0.014, frame
            )
            b.rod((x, height * 0.5, 0), (x * 0.3, height - 0.03, 0), 0.01, frame)
        else:
            b.rod((x, 0, -z), (x, height - 0.03, z), 0.022, frame, 4)
            b.rod((x, 0, z), (x, height - 0.03, -z), 0.022, frame, 4)
    if kind == "cross":
        b.rod((-size[0] * 0.32, height / 2, 0), (size[0] * 0.32, height / 2, 0), 0.018, frame)
    return name


def farm_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Planked table on end frames, or a picnic table with its benches."""
    name, color = pick(rng, WOOD, PAINT)
    size, height = (rng.uniform(1.3, 2.2), rng.uniform(0.7, 0.9)), rng.uniform(0.7, 0.78)
    planks = int(rng.integers(3, 7))
    for z in (np.arange(planks) + 0.5) * size[1] / planks - size[1] / 2:
        b.box((size[0], 0.04, size[1] / planks * 0.95), color, (0, height, float(z)))
    picnic = chance(rng, 0.35)
    for x in (-size[0] * 0.36, size[0] * 0.36):
        b.box((0.07, 0.07, size[1] * 0.9), color, (x, height - 0.05, 0))
        if picnic or chance(rng, 0.5):
            for sign in (-1, 1):
                b.rod((x, 0, sign * size[1] * 0.55), (x, height - 0.04, sign * size[1] * 0.25), 0.04, color, 4)
        else:
            b.box((0.09, height, 0.12), color, (x, height / 2, 0))
            b.box((0.09, 0.07, size[1] * 0.8), color, (x, 0.035, 0))
        if picnic:
            b.box((0.06, 0.08, size[1] + 0.9), color, (x, height * 0.55, 0))
    if picnic:
        for z in (-size[1] / 2 - 0.3, size[1] / 2 + 0.3):
            b.box((size[0], 0.04, 0.25), color, (0, height * 0.6, z))
    else:
        b.box((size[0] * 0.72, 0.1, 0.04), color, (0, height * 0.35, 0))
    return name


def console_table(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Long narrow table against a wall, with a shelf or drawers."""
    name, color = pick(rng, WOOD, PAINT)
    frame = color if chance(rng, 0.6) else pick(rng, METAL)[1]
    size, height = (rng.uniform(0.8, 1.4), rng.uniform(0.28, 0.42)), rng.uniform(0.7, 0.85)
    four_legs(
        b,
        rng,
        frame,
        size,
        height,
        rng.uniform(0.03, 0.05),
        choose(rng, "square", "tapered", "turned", "square tapered"),
    )
    b.box((size[0] * 1.05, 0.03, size[1] * 1.05), color, (0, height, 0))
    if chance(rng, 0.6):
        count = int(rng.integers(1, 4))
        b.box((size[0] * 0.95, 0.13, size[1] * 0.9), color, (0, height - 0.08, 0))
        for x in (np.arange(count) + 0.5) * size[0] * 0.9 / count - size[0] * 0.45:
            b.box((size[0] * 0.82 / count, 0.09, 0.02), shade(color, 0.85), (float(x), height - 0.08, size[1] * 0.45))
            b.ball(0.014, pick(rng, METAL)[1], (float(x), height - 0.08, size[1] * 0.45 + 0.02))
    if chance(rng, 0.5):
        b.box((size[0] * 0.95, 0.025, size[1] * 0.9), color, (0, height * 0.25, 0))
    return name


SUB_TYPES: dict[str, SubType] = {
    "dining table": dining_table,
    "square table": square_table,
    "round table": round_table,
    "cafe table": cafe_table,
    "coffee table": coffee_table,
    "glass table": glass_table,
    "table with tablecloth": tablecloth_table,
    "folding table": folding_table,
    "farm table": farm_table,
    "office desk": office_desk,
    "drawer desk": drawer_desk,
    "drafting table": drafting_table,
    "workbench": workbench,
    "console table": console_table,
}
