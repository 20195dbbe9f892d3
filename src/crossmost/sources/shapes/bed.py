"""Beds: single and double with head and foot boards, iron, bunk, loft, crib, hospital, canopy, futon, day bed."""

import numpy as np

from crossmost.sources.shapes.bedding import add_bedding, add_blanket, add_board
from crossmost.sources.shapes.builder import Color, ShapeBuilder, SubType, arc
from crossmost.sources.shapes.legs import chance, choose, four_legs
from crossmost.sources.shapes.palette import FABRIC, LEATHER, METAL, PAINT, PLASTIC, WHITE, WOOD, pick

LENGTH = (1.85, 2.1)


def _framed(
    b: ShapeBuilder,
    rng: np.random.Generator,
    width: float,
    length: float,
    head: str,
    foot: str,
    *palettes: dict[str, Color],
) -> str:
    name, color = pick(rng, *palettes)
    low, thick = rng.uniform(0.2, 0.36), rng.uniform(0.14, 0.28)
    rail = rng.uniform(0.1, 0.24)
    b.box((width + 0.05, rail, length), color, (0, low - rail / 2 + 0.05, 0))
    if low - rail > 0.02:
        four_legs(b, rng, color, (width, length * 0.98), low, 0.07, choose(rng, "square", "tapered", "round"))
    add_bedding(b, rng, width, length, low + 0.03, thick)
    top = low + thick
    add_board(b, rng, color, width + 0.08, top + rng.uniform(0.2, 0.7), -length / 2 - 0.03, head, low)
    if foot != "none":
        add_board(b, rng, color, width + 0.08, top + rng.uniform(-0.05, 0.3), length / 2 + 0.03, foot, low)
    return name


def double_bed(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Wide bed with a head board and perhaps a foot board."""
    head = choose(rng, "panel", "slats", "ladder", "arched", "scalloped", "padded")
    foot = choose(rng, "none", "none", "panel", "slats", "arched", "scalloped")
    return _framed(b, rng, rng.uniform(1.35, 1.85), rng.uniform(*LENGTH), head, foot, WOOD, WOOD, PAINT)


def single_bed(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Narrow bed."""
    head = choose(rng, "panel", "slats", "ladder", "arched", "scalloped")
    foot = choose(rng, "none", "panel", head, head)
    return _framed(b, rng, rng.uniform(0.85, 1.1), rng.uniform(*LENGTH), head, foot, WOOD, PAINT)


def child_bed(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Short narrow bed in paint, often with drawers below."""
    width, length = rng.uniform(0.7, 0.9), rng.uniform(1.4, 1.8)
    head = choose(rng, "panel", "arched", "scalloped", "slats")
    name = _framed(b, rng, width, length, head, choose(rng, "none", head), PAINT, PLASTIC, WOOD)
    if chance(rng, 0.4):
        _, front = pick(rng, WHITE, WOOD)
        for z in (-length / 4, length / 4):
            b.box((width + 0.07, 0.17, length * 0.46), front, (0, 0.1, z))
            b.ball(0.02, (120, 120, 124), (width / 2 + 0.05, 0.12, z))
    return name


def upholstered_bed(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Padded box and head board."""
    width, length = rng.uniform(1.3, 1.9), rng.uniform(*LENGTH)
    return _framed(b, rng, width, length, "padded", choose(rng, "none", "none", "padded"), FABRIC, LEATHER)


def iron_bed(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tubes and bars, with arches or scrolls."""
    name, color = pick(rng, METAL)
    width, length, low = rng.uniform(0.85, 1.7), rng.uniform(*LENGTH), rng.uniform(0.28, 0.42)
    bar, half = rng.uniform(0.016, 0.028), width / 2 + 0.03
    rounded, scroll = chance(rng, 0.6), chance(rng, 0.5)
    for z, rise in ((-length / 2, rng.uniform(0.85, 1.25)), (length / 2, rng.uniform(0.55, 0.9))):
        if rounded:
            crown = [
                (float(np.cos(a)) * half, rise - 0.2 + 0.2 * float(np.sin(a)), z) for a in np.linspace(0, np.pi, 9)
            ]
            b.tube([(half, 0, z), *crown, (-half, 0, z)], bar, color)
        else:
            b.tube([(half, 0, z), (half, rise, z), (-half, rise, z), (-half, 0, z)], bar, color)
            for x in (-half, half):
                b.ball(bar * 2, color, (x, rise + bar, z))
        b.rod((-half, low + 0.05, z), (half, low + 0.05, z), bar * 0.8, color)
        for x in np.linspace(-half, half, int(rng.integers(5, 11)))[1:-1]:
            top = rise - (0.2 * (1 - float(np.sqrt(1 - (x / half) ** 2))) if rounded else 0)
            b.rod((float(x), low + 0.05, z), (float(x), top, z), bar * 0.5, color, 6)
        if scroll:
            for x in (-half * 0.5, 0.0, half * 0.5):
                b.torus(half * 0.2, bar * 0.5, color, (x, (low + rise) / 2, z))
    for x in (-half, half):
        b.box((0.03, 0.06, length), color, (x, low, 0))
    add_bedding(b, rng, width, length * 0.98, low, rng.uniform(0.12, 0.22))
    return name


def bunk_bed(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Two beds over each other with rails and a ladder."""
    name, color = pick(rng, WOOD, PAINT, METAL)
    width, length = rng.uniform(0.8, 1.05), rng.uniform(*LENGTH)
    low, high, top = rng.uniform(0.25, 0.4), rng.uniform(1.15, 1.35), rng.uniform(1.5, 1.75)
    four_legs(b, rng, color, (width + 0.08, length + 0.08), top, 0.07, choose(rng, "square", "round"))
    side = 1 if chance(rng, 0.5) else -1
    for level in (low, high):
        b.box((width, 0.1, length), color, (0, level, 0))
        for z in (-length / 2, length / 2):
            for share in (0.14, 0.3):
                b.box((width, 0.07, 0.03), color, (0, level + share, z))
    for x in (-width / 2, width / 2):
        for share in (0.16, 0.32):
            b.box((0.025, 0.06, length * 0.97), color, (x, high + share, 0))
    b.cushion((width * 0.96, 0.13, length * 0.96), pick(rng, WHITE, FABRIC)[1], (0, high + 0.11, 0), softness=0.2)
    add_bedding(b, rng, width * 0.96, length * 0.96, low + 0.04, 0.13)
    z = length * rng.uniform(0.15, 0.4)
    x, lean = side * (width / 2 + 0.04), side * rng.uniform(0, 0.3)
    for rail in (-0.17, 0.17):
        b.rod((x + lean, 0, z + rail), (x, top * 0.95, z + rail), 0.02, color, 4)
    for share in np.linspace(0.15, 0.85, 5):
        at = x + lean * (1 - float(share))
        b.rod((at, float(share) * top, z - 0.17), (at, float(share) * top, z + 0.17), 0.016, color, 6)
    return name


def loft_bed(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """High bed over a desk or free space, with a ladder or stairs."""
    name, color = pick(rng, WOOD, PAINT, WHITE, METAL)
    _, second = pick(rng, PAINT, WOOD)
    width, length, high = rng.uniform(0.85, 1.1), rng.uniform(*LENGTH), rng.uniform(1.2, 1.7)
    four_legs(b, rng, color, (width + 0.07, length + 0.07), high + 0.35, 0.07, "square")
    b.box((width, 0.12, length), color, (0, high, 0))
    for x in (-width / 2, width / 2):
        for share in (0.17, 0.3):
            b.box((0.025, 0.06, length * 0.97), second, (x, high + share, 0))
    for z in (-length / 2, length / 2):
        b.box((width, 0.22, 0.025), second, (0, high + 0.22, z))
    add_bedding(b, rng, width * 0.95, length * 0.95, high + 0.05, 0.13)
    if chance(rng, 0.6):
        b.box((width * 0.6, 0.03, length * 0.95), second, (-width * 0.18, 0.72, 0))
        b.box((width * 0.5, 0.6, 0.4), color, (-width * 0.18, 0.38, -length * 0.3))
    side = 1 if chance(rng, 0.5) else -1
    if chance(rng, 0.5):
        steps = int(rng.integers(3, 6))
        for step in range(steps):
            tall = (step + 1) * high / (steps + 0.5)
            tone = color if step % 2 else second
            b.box((0.45, tall, 0.24), tone, (0.1, tall / 2, side * (length / 2 + 0.16 + (steps - step - 1) * 0.24)))
    else:
        for rail in (-0.17, 0.17):
            b.rod((side * (width / 2 + 0.25), 0, rail), (side * width / 2, high + 0.2, rail), 0.02, color, 4)
        for share in np.linspace(0.15, 0.85, 5):
            x = side * (width / 2 + 0.25 * (1 - float(share)))
            b.rod((x, float(share) * high, -0.17), (x, float(share) * high, 0.17), 0.018, color, 6)
    return name


def crib(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Baby bed with barred sides, on legs, casters or rockers."""
    name, color = pick(rng, WOOD, WHITE, WHITE, PAINT)
    accent = color if chance(rng, 0.6) else pick(rng, WOOD, PAINT)[1]
    width, length = rng.uniform(0.6, 0.75), rng.uniform(1.0, 1.4)
    low, top = rng.uniform(0.25, 0.45), rng.uniform(0.8, 1.05)
    posts = top + rng.uniform(0.0, 0.15)
    four_legs(b, rng, color, (width, length), posts, 0.05, choose(rng, "square", "round", "turned"))
    x, z = width / 2 - 0.025, length / 2 - 0.025
    count = int(rng.integers(9, 17))
    for side in (-1, 1):
        b.box((0.03, 0.06, length), accent, (side * x, top, 0))
        b.box((0.03, 0.06, length), color, (side * x, low, 0))
        for at in np.linspace(-z, z, count)[1:-1]:
            b.rod((side * x, low, float(at)), (side * x, top, float(at)), 0.009, color, 6)
        if chance(rng, 0.5):
            rise = rng.uniform(0.0, 0.2)
            outline = [(-x, low), (x, low), *arc((0, top), (x, rise + 0.03), 0, np.pi, 9)]
            b.extrude(outline, 0.03, accent, (0, 0, side * z))
        else:
            for y in (low, posts - 0.03):
                b.box((width, 0.06, 0.03), accent, (0, y, side * z))
            for at in np.linspace(-x, x, 7)[1:-1]:
                b.rod((float(at), low, side * z), (float(at), posts, side * z), 0.009, color, 6)
    add_bedding(b, rng, width * 0.9, length * 0.92, low, 0.1, pillows=int(rng.integers(0, 2)))
    if chance(rng, 0.3):
        for end in (-z, z):
            angles = np.linspace(-0.8, 0.8, 9)
            b.tube([(0.6 * float(np.sin(a)), 0.6 * (1 - float(np.cos(a))) - 0.05, end) for a in angles], 0.022, color)
    return name


def canopy_bed(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Four posts joined at the top, with or without curtains."""
    width, length, top = rng.uniform(1.3, 1.8), rng.uniform(*LENGTH), rng.uniform(1.8, 2.2)
    name = _framed(b, rng, width, length, choose(rng, "panel", "slats", "arched"), "none", WOOD, METAL, PAINT)
    _, color = pick(rng, WOOD, METAL)
    _, cloth = pick(rng, WHITE, FABRIC)
    half, z = width / 2 + 0.05, length / 2 + 0.05
    four_legs(b, rng, color, (half * 2, z * 2), top, 0.065, choose(rng, "square", "round", "turned"))
    for sign in (-1, 1):
        b.box((width, 0.05, 0.05), color, (0, top, sign * z))
        b.box((0.05, 0.05, length), color, (sign * half, top, 0))
    if chance(rng, 0.6):
        b.box((width * 1.05, 0.02, length * 1.05), cloth, (0, top + 0.03, 0))
        for sx in (-1, 1):
            for sz in (-1, 1):
                b.cylinder(0.09, top * 0.9, cloth, (sx * half, top * 0.53, sz * z * 0.95), top_radius=0.12, sections=8)
    return name


def hospital_bed(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Adjustable bed on wheels with side rails."""
    name, color = pick(rng, WHITE, METAL)
    width, length, low = rng.uniform(0.85, 1.0), rng.uniform(1.9, 2.1), rng.uniform(0.4, 0.6)
    raised = rng.uniform(0.0, 0.8)
    hinge = -length * 0.1
    reach = length / 2 + hinge
    b.box((width, 0.07, length), color, (0, low - 0.1, 0))
    for x, z in ((-0.4, -0.8), (0.4, -0.8), (-0.4, 0.8), (0.4, 0.8)):
        b.rod((x * width, 0.1, z * length / 2), (x * width, low - 0.1, z * length / 2), 0.02, color)
        b.cylinder(0.07, 0.04, (50, 50, 54), (x * width, 0.07, z * length / 2), (0, 0, np.pi / 2))
    _, sheet = pick(rng, WHITE, FABRIC)
    front = length / 2 - hinge
    b.cushion((width * 0.95, 0.15, front), sheet, (0, low, hinge + front / 2), softness=0.3)
    at = (0, low + reach / 2 * float(np.sin(raised)), hinge - reach / 2 * float(np.cos(raised)))
    b.cushion((width * 0.95, 0.15, reach), sheet, at, (raised, 0, 0), softness=0.3)
    pillow = (0, low + reach * 0.8 * float(np.sin(raised)) + 0.11, hinge - reach * 0.8 * float(np.cos(raised)) + 0.05)
    b.cushion((width * 0.6, 0.12, 0.35), (240, 240, 238), pillow, (raised, 0, 0), softness=0.6)
    add_blanket(b, rng, pick(rng, FABRIC)[1], width * 0.95, (length / 2, hinge + 0.1), low + 0.07)
    for z, rise in ((-length / 2, 0.5), (length / 2, 0.35)):
        b.cushion((width, rise, 0.05), color, (0, low + rise / 2 - 0.1, z), softness=0.3)
    for x in (-width / 2 - 0.02, width / 2 + 0.02):
        if chance(rng, 0.8):
            b.tube(
                [(x, low - 0.05, -0.5), (x, low + 0.3, -0.45), (x, low + 0.3, 0.45), (x, low - 0.05, 0.5)], 0.016, color
            )
            b.rod((x, low + 0.15, -0.47), (x, low + 0.15, 0.47), 0.012, color)
    return name


def day_bed(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Single bed with railings on both ends and one long side."""
    name, color = pick(rng, METAL, WOOD, WHITE)
    width, length, low = rng.uniform(0.85, 1.0), rng.uniform(1.9, 2.05), rng.uniform(0.28, 0.4)
    top = low + rng.uniform(0.3, 0.6)
    four_legs(b, rng, color, (width, length), top, 0.05, choose(rng, "square", "round"))
    b.box((width, 0.07, length), color, (0, low, 0))
    x, z = width / 2 - 0.025, length / 2 - 0.025
    upright = chance(rng, 0.5)
    runs = [((-x, -z), (x, -z)), ((-x, z), (x, z)), ((-x, -z), (-x, z))]
    for start, end in runs:
        for y in (top,) if upright else np.linspace(low + 0.12, top, 3):
            b.rod((start[0], float(y), start[1]), (end[0], float(y), end[1]), 0.016, color, 8)
        if upright:
            for share in np.linspace(0, 1, 8 if start[1] == end[1] else 16)[1:-1]:
                px, pz = (start[i] + (end[i] - start[i]) * float(share) for i in (0, 1))
                b.rod((px, low, pz), (px, top, pz), 0.009, color, 6)
    add_bedding(b, rng, width * 0.93, length * 0.95, low + 0.04, rng.uniform(0.12, 0.2))
    return name


def futon(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Mattress with quilt and pillow on the floor or a low slatted base."""
    name, cover = pick(rng, FABRIC, WHITE)
    width, length, low = rng.uniform(0.9, 1.5), rng.uniform(1.9, 2.1), 0.0
    if chance(rng, 0.4):
        low = rng.uniform(0.1, 0.2)
        _, wood = pick(rng, WOOD)
        for z in np.linspace(-length / 2, length / 2, 12):
            b.box((width * 1.1, 0.03, 0.09), wood, (0, low - 0.015, float(z)))
        for x in (-width * 0.4, 0.0, width * 0.4):
            b.box((0.06, low - 0.02, length), wood, (x, (low - 0.02) / 2, 0))
    thick = rng.uniform(0.08, 0.16)
    b.cushion((width, thick, length), (240, 238, 232), (0, low + thick / 2, 0), softness=0.2)
    quilt = rng.uniform(0.6, 0.78)
    z = length / 2 * (1 - quilt) + 0.05
    b.cushion((width * 1.1, 0.12, length * quilt), cover, (0, low + thick + 0.02, z), softness=0.3)
    if chance(rng, 0.6):
        b.box((width * 0.6, 0.012, length * quilt * 0.6), pick(rng, FABRIC, WHITE)[1], (0, low + thick + 0.079, z))
    b.cushion(
        (width * 0.6, 0.12, 0.35),
        pick(rng, WHITE, FABRIC)[1],
        (0, low + thick + 0.04, -length / 2 + 0.22),
        softness=0.6,
    )
    return name


SUB_TYPES: dict[str, SubType] = {
    "double bed": double_bed,
    "single bed": single_bed,
    "child bed": child_bed,
    "upholstered bed": upholstered_bed,
    "iron bed": iron_bed,
    "bunk bed": bunk_bed,
    "loft bed": loft_bed,
    "baby crib": crib,
    "canopy bed": canopy_bed,
    "hospital bed": hospital_bed,
    "day bed": day_bed,
    "futon": futon,
}
