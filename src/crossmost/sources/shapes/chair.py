"""Chairs: dining, upholstered, shell, office, armchairs, loungers, folding and garden chairs."""

import numpy as np

from crossmost.sources.shapes.backs import chair_back
from crossmost.sources.shapes.builder import ShapeBuilder, SubType
from crossmost.sources.shapes.legs import (
    chance,
    choose,
    four_legs,
    pedestal,
    sled,
    star_base,
    stretchers,
)
from crossmost.sources.shapes.lounging import (
    cantilever_chair,
    deck_chair,
    folding_chair,
    lounge_chair,
    lounger_chair,
    open_arms,
)
from crossmost.sources.shapes.palette import FABRIC, LEATHER, METAL, PAINT, PLASTIC, WHITE, WICKER, WOOD, pick, shade
from crossmost.sources.shapes.seating import easy_chair, seat_shell


def _wooden(b: ShapeBuilder, rng: np.random.Generator, scale: float, back: str | None = None) -> str:
    name, color = pick(rng, WOOD, WOOD, PAINT)
    width, depth = rng.uniform(0.38, 0.5, 2) * scale
    seat = rng.uniform(0.42, 0.5) * scale
    top = seat + rng.uniform(0.35, 0.62) * scale
    thick = rng.uniform(0.025, 0.05) * scale
    style = choose(rng, "square", "square", "tapered", "round", "turned", "splayed", "square tapered")
    lean = rng.uniform(0.04, 0.22)
    seat_color = color if chance(rng, 0.4) else pick(rng, FABRIC, LEATHER, WICKER)[1]
    four_legs(b, rng, color, (width, depth), seat - 0.02, thick, style)
    if style != "splayed" and chance(rng, 0.45):
        stretchers(b, rng, color, (width - thick, depth - thick), seat * rng.uniform(0.2, 0.5), thick)
    if chance(rng, 0.5):
        b.box((width - 0.01, 0.06 * scale, depth - 0.01), color, (0, seat - 0.045 * scale, 0))
    if chance(rng, 0.3):
        b.cylinder(width / 2, 0.03, color, (0, seat - 0.015, 0), sections=24)
        b.box((width * 0.9, 0.03, depth * 0.5), color, (0, seat - 0.015, -depth * 0.25))
    else:
        b.box((width, 0.03, depth), color, (0, seat - 0.015, 0))
    if seat_color != color:
        b.cushion((width * 0.94, rng.uniform(0.03, 0.07), depth * 0.92), seat_color, (0, seat + 0.015, 0.01))
    chair_back(b, rng, color, seat_color, width, (seat - 0.02, top), -depth / 2 + thick / 2, lean, thick, back)
    if chance(rng, 0.2):
        open_arms(b, rng, color, width, depth, seat, thick)
    return name


def dining_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Wooden chair of any back."""
    return _wooden(b, rng, 1.0)


def slat_back_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Wooden chair with an open back."""
    return _wooden(b, rng, 1.0, choose(rng, "slats", "ladder", "spindles", "cross"))


def child_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Small stout chair, plastic or wood."""
    if chance(rng, 0.5):
        return _wooden(b, rng, 0.65)
    name, color = pick(rng, PLASTIC)
    width, seat = rng.uniform(0.3, 0.38), rng.uniform(0.26, 0.34)
    four_legs(b, rng, color, (width, width), seat, 0.07, choose(rng, "tapered", "round", "square"))
    b.cushion((width * 1.08, 0.07, width * 1.05), color, (0, seat, 0), softness=0.5)
    chair_back(b, rng, color, color, width * 0.95, (seat, seat + rng.uniform(0.25, 0.38)), -width / 2, 0.12, 0.05)
    return name


def upholstered_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Padded seat and back on thin legs, with or without padded arms."""
    name, color = pick(rng, FABRIC, LEATHER)
    _, leg = pick(rng, WOOD, METAL)
    leg = color if chance(rng, 0.25) else leg
    width, depth = rng.uniform(0.42, 0.54), rng.uniform(0.42, 0.54)
    seat, top = rng.uniform(0.44, 0.5), rng.uniform(0.8, 1.1)
    pad = rng.uniform(0.05, 0.12)
    four_legs(b, rng, leg, (width, depth), seat - pad / 2, rng.uniform(0.025, 0.045))
    b.cushion((width, pad, depth), color, (0, seat - pad / 4, 0), softness=0.2)
    lean = rng.uniform(0.05, 0.25)
    height = top - seat + 0.05
    gap = rng.uniform(0.06, 0.15) if chance(rng, 0.3) else 0.0
    center = (0, seat + (height + gap) / 2 - 0.04, -depth / 2 + 0.02 - lean * height / 2)
    turn = (-np.arctan(lean), 0, 0)
    if chance(rng, 0.25):
        b.ellipsoid((width * 0.45, height / 2, pad * 0.45), color, center, turn)
        b.rod((0, seat - 0.05, -depth / 2 + 0.02), center, 0.025, leg)
    else:
        b.cushion((width * rng.uniform(0.85, 1), height - gap, pad * 0.8), color, center, turn, softness=0.2)
        if gap:
            for x in (-width * 0.35, width * 0.35):
                b.rod((x, seat - 0.03, -depth / 2 + 0.02), (x, center[1], center[2]), 0.014, leg, 8)
    if chance(rng, 0.35):
        for side in (-1, 1):
            b.cushion((0.06, rng.uniform(0.18, 0.26), depth), color, (side * width / 2, seat + 0.1, 0), softness=0.2)
    return name


def shell_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Molded shell on legs, wire, pedestal or casters."""
    name, color = pick(rng, PLASTIC, FABRIC, WOOD, WHITE)
    _, frame = pick(rng, METAL, METAL, WOOD)
    width, depth = rng.uniform(0.42, 0.56), rng.uniform(0.42, 0.52)
    seat, height = rng.uniform(0.42, 0.48), rng.uniform(0.35, 0.55)
    base = choose(rng, "legs", "legs", "sled", "pedestal", "star", "casters", "hairpin")
    seat_shell(b, rng, color, width, depth, seat, height)
    if base == "legs":
        four_legs(b, rng, frame, (width * 0.75, depth * 0.8), seat, 0.03, choose(rng, "splayed", "round", "tapered"))
    elif base == "hairpin":
        four_legs(b, rng, frame, (width * 0.8, depth * 0.8), seat, 0.04, "hairpin")
    elif base == "sled":
        sled(b, frame, (width * 0.85, depth * 0.9), seat, 0.01)
    elif base == "pedestal":
        pedestal(b, rng, color if chance(rng, 0.5) else frame, seat, width * rng.uniform(0.4, 0.52))
    else:
        star_base(b, rng, frame, seat, width * 0.55, base == "casters")
    if chance(rng, 0.5):
        _, pad = pick(rng, FABRIC)
        b.cushion((width * 0.72, 0.05, depth * 0.75), pad, (0, seat + 0.03, 0.0), softness=0.5)
    return name


def office_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Swivel chair on a star base with casters."""
    name, color = pick(rng, FABRIC, LEATHER, PLASTIC)
    _, frame = pick(rng, METAL)
    frame = (34, 34, 36) if chance(rng, 0.5) else frame
    seat = rng.uniform(0.42, 0.55)
    width, depth = rng.uniform(0.44, 0.54), rng.uniform(0.42, 0.52)
    pad = rng.uniform(0.04, 0.12)
    star_base(b, rng, frame, seat - pad / 2, rng.uniform(0.26, 0.34), chance(rng, 0.93))
    b.cushion((width, pad, depth), color, (0, seat, 0), softness=choose_softness(rng))
    height, gap = rng.uniform(0.3, 0.75), rng.uniform(0.0, 0.16)
    lean = rng.uniform(0.05, 0.25)
    back_width = width * rng.uniform(0.75, 1.0)
    center = (0, seat + pad / 2 + gap + height / 2, -depth / 2 - lean * height / 2)
    b.tube(
        [(0, seat - 0.03, -0.05), (0, seat - 0.03, -depth / 2 - 0.06), (0, center[1], center[2] - 0.05)], 0.02, frame
    )
    style = choose(rng, "pad", "pad", "bars", "oval")
    if style == "pad":
        b.cushion((back_width, height, pad), color, center, (-lean, 0, 0), softness=choose_softness(rng))
    elif style == "oval":
        b.ellipsoid((back_width / 2, height / 2, max(pad / 2, 0.03)), color, center, (-lean, 0, 0))
    else:
        for step in np.linspace(-0.45, 0.45, int(rng.integers(3, 7))):
            at = (0, center[1] + step * height, center[2] - lean * step * height)
            b.cushion((back_width, height / 6.5, 0.04), color, at, (-lean, 0, 0))
    if chance(rng, 0.25):
        b.cushion((width * 0.5, 0.16, 0.07), color, (0, center[1] + height / 2 + 0.1, center[2] - lean * height / 2))
        b.rod(center, (0, center[1] + height / 2 + 0.1, center[2] - lean * height / 2), 0.015, frame)
    if chance(rng, 0.65):
        arm = seat + rng.uniform(0.17, 0.25)
        for side in (-1, 1):
            x = side * (width / 2 + 0.03)
            if chance(rng, 0.5):
                loop = [(x * 0.8, seat - 0.03, 0.08), (x, arm, 0.14), (x, arm, -depth * 0.3), (x * 0.8, seat, -0.1)]
                b.tube(loop, 0.016, frame)
            else:
                b.tube([(x * 0.6, seat - 0.03, 0), (x, seat - 0.02, 0), (x, arm, 0)], 0.016, frame)
            b.cushion((0.06, 0.03, depth * 0.5), (36, 36, 38), (x, arm + 0.01, 0))
    return name


def choose_softness(rng: np.random.Generator) -> float:
    """Roundness of a pad's edges."""
    return float(rng.uniform(0.15, 0.6))


def armchair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Heavy upholstered chair with arms, like a one-seat sofa."""
    return easy_chair(b, rng, choose(rng, "block", "rolled", "wing", "slim"))


def club_armchair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tub or chesterfield armchair: a wall of one height around the seat."""
    return easy_chair(b, rng, choose(rng, "tub", "chesterfield", "tub"))


def bucket_armchair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Wide padded bucket on a pedestal, star or legs."""
    name, color = pick(rng, FABRIC, LEATHER)
    _, inner = pick(rng, FABRIC, LEATHER)
    _, frame = pick(rng, METAL, WOOD)
    width, depth, seat = rng.uniform(0.62, 0.85), rng.uniform(0.6, 0.78), rng.uniform(0.3, 0.42)
    seat_shell(b, rng, color, width, depth, seat, rng.uniform(0.4, 0.75), bucket=True, thickness=0.06)
    b.cushion((width * 0.7, 0.12, depth * 0.75), inner if chance(rng, 0.6) else color, (0, seat + 0.05, 0.04))
    base = choose(rng, "pedestal", "star", "legs")
    if base == "pedestal":
        b.cylinder(width * 0.33, 0.02, frame, (0, 0.01, 0), sections=24)
        b.cylinder(0.03, seat, frame, (0, seat / 2, 0))
    elif base == "star":
        star_base(b, rng, frame, seat, width * 0.42, False)
    else:
        four_legs(b, rng, frame, (width * 0.6, depth * 0.6), seat, 0.035, "splayed")
    return name


def rocking_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Wooden chair on curved runners."""
    name, color = pick(rng, WOOD, PAINT)
    width, depth, seat = rng.uniform(0.45, 0.56), rng.uniform(0.42, 0.5), rng.uniform(0.4, 0.46)
    top, thick = rng.uniform(0.95, 1.15), 0.035
    four_legs(b, rng, color, (width, depth), seat, thick, choose(rng, "round", "turned"))
    b.box((width, 0.035, depth), color, (0, seat, 0))
    chair_back(b, rng, color, pick(rng, FABRIC)[1], width, (seat, top), -depth / 2, 0.25, thick)
    open_arms(b, rng, color, width, depth, seat, 0.045)
    for x in (-width / 2 + 0.02, width / 2 - 0.02):
        angles = np.linspace(-0.5, 0.5, 9)
        b.tube([(x, 1.0 - float(np.cos(a)) + 0.0, 0.95 * float(np.sin(a))) for a in angles], 0.02, color, 6)
    return name


def garden_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Slatted wood, plastic or metal chair with arms."""
    name, color = pick(rng, WOOD, WOOD, PLASTIC, PAINT)
    width, depth, seat = rng.uniform(0.5, 0.64), rng.uniform(0.45, 0.56), rng.uniform(0.38, 0.44)
    top, thick = rng.uniform(0.82, 1.05), rng.uniform(0.04, 0.065)
    four_legs(b, rng, color, (width, depth), seat, thick, choose(rng, "square", "square", "square tapered"))
    slats = int(rng.integers(4, 8))
    for slat in range(slats):
        z = -depth / 2 + (slat + 0.5) * depth / slats
        b.box((width, 0.022, depth / slats * 0.8), color, (0, seat, z))
    b.box((width, 0.06, 0.025), color, (0, seat - 0.04, depth / 2 - 0.02))
    chair_back(
        b,
        rng,
        color,
        color,
        width,
        (seat, top),
        -depth / 2,
        rng.uniform(0.1, 0.3),
        thick,
        choose(rng, "slats", "ladder"),
    )
    open_arms(b, rng, color, width, depth, seat, thick)
    return name


def wicker_armchair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Woven box or tub with light cushions."""
    name, color = pick(rng, WICKER, WICKER, FABRIC)
    _, pad = pick(rng, WHITE, FABRIC)
    width, depth, seat = rng.uniform(0.65, 0.8), rng.uniform(0.65, 0.8), rng.uniform(0.28, 0.36)
    arm, top = seat + rng.uniform(0.18, 0.28), rng.uniform(0.72, 0.95)
    b.box((width, seat, depth), color, (0, seat / 2 + 0.03, 0))
    b.box((width, top - 0.03, 0.07), color, (0, top / 2 + 0.03, -depth / 2 + 0.035))
    for x in (-width / 2 + 0.04, width / 2 - 0.04):
        b.box((0.08, arm, depth), color, (x, arm / 2 + 0.03, 0))
    four_legs(b, rng, shade(color, 0.6), (width, depth), 0.04, 0.05, "square")
    b.cushion((width - 0.17, 0.14, depth - 0.1), pad, (0, seat + 0.09, 0.05), softness=0.2)
    b.cushion(
        (width - 0.18, top - seat - 0.1, 0.14),
        pad,
        (0, seat + 0.1 + (top - seat) / 2, -depth / 2 + 0.15),
        (-0.15, 0, 0),
    )
    return name


def bentwood_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Cafe chair with a hoop of bent wood for back and arms."""
    name, color = pick(rng, WOOD, PAINT)
    radius, seat, bar = rng.uniform(0.19, 0.24), rng.uniform(0.44, 0.48), rng.uniform(0.011, 0.018)
    b.cylinder(radius, 0.035, color if chance(rng, 0.5) else pick(rng, WICKER, LEATHER)[1], (0, seat, 0), sections=24)
    four_legs(b, rng, color, (radius * 1.6, radius * 1.6), seat, bar * 2.4, choose(rng, "splayed", "round"))
    b.torus(radius * 0.75, bar * 0.7, color, (0, seat * 0.45, 0), (np.pi / 2, 0, 0))
    if chance(rng, 0.5):
        height = rng.uniform(0.2, 0.3)
        angles = np.linspace(-0.35, np.pi + 0.35, 11)
        hoop = [(1.25 * radius * np.cos(a), seat + height, -1.2 * radius * np.sin(a)) for a in angles]
        b.tube([(hoop[0][0] * 0.85, seat, 0.1), *hoop, (hoop[-1][0] * 0.85, seat, 0.1)], bar, color)
        for x in (-radius * 0.6, radius * 0.6):
            b.rod((x, seat, -radius * 0.75), (x * 1.1, seat + height, -radius * 1.05), bar, color)
    else:
        for scale in (1.0, 0.62) if chance(rng, 0.6) else (1.0,):
            angles = np.linspace(0, np.pi, 9)
            height = rng.uniform(0.36, 0.46) * scale
            hoop = [
                (radius * scale * np.cos(a), seat + height * np.sin(a) ** 0.6, -radius * 0.7 - 0.1 * np.sin(a))
                for a in angles
            ]
            b.tube(hoop, bar, color)
    return name


def bar_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tall wooden chair with a short back."""
    name, color = pick(rng, WOOD, PAINT)
    width, seat, thick = rng.uniform(0.36, 0.44), rng.uniform(0.65, 0.78), rng.uniform(0.03, 0.045)
    four_legs(b, rng, color, (width, width), seat, thick, choose(rng, "square", "round", "square tapered"))
    for level in (0.3, 0.55)[: int(rng.integers(1, 3))]:
        stretchers(b, rng, color, (width - thick, width - thick), seat * level, thick)
    b.box((width, 0.04, width), color, (0, seat, 0))
    top = seat + rng.uniform(0.25, 0.42)
    chair_back(b, rng, color, pick(rng, LEATHER)[1], width, (seat, top), -width / 2 + thick / 2, 0.08, thick)
    return name


def floor_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Legless Japanese chair: bent back and a flat cushion."""
    name, color = pick(rng, WOOD)
    _, pad = pick(rng, FABRIC)
    width, depth, height = rng.uniform(0.4, 0.5), rng.uniform(0.42, 0.52), rng.uniform(0.35, 0.5)
    steps = np.linspace(0, 1, 8)
    ys, zs = 0.03 + height * steps**1.5, -depth / 2 - 0.12 * steps + 0.08 * (1 - steps) ** 3
    grid = [
        [(x * (1 + 0.15 * s), y, z) for x in (-width / 2, width / 2)] for s, y, z in zip(steps, ys, zs, strict=True)
    ]
    b.surface(np.array(grid), color, 0.02)
    b.box((width, 0.025, depth), color, (0, 0.015, 0))
    b.cushion((width * 1.02, rng.uniform(0.04, 0.09), depth), pad, (0, 0.06, 0.02), softness=0.2)
    return name


SUB_TYPES: dict[str, SubType] = {
    "dining chair": dining_chair,
    "wooden slat-back chair": slat_back_chair,
    "child chair": child_chair,
    "upholstered chair": upholstered_chair,
    "plastic shell chair": shell_chair,
    "office chair": office_chair,
    "armchair": armchair,
    "club armchair": club_armchair,
    "bucket armchair": bucket_armchair,
    "lounge chair": lounge_chair,
    "deck chair": deck_chair,
    "beach lounger chair": lounger_chair,
    "folding chair": folding_chair,
    "rocking chair": rocking_chair,
    "garden chair": garden_chair,
    "wicker armchair": wicker_armchair,
    "cantilever chair": cantilever_chair,
    "bentwood cafe chair": bentwood_chair,
    "bar chair": bar_chair,
    "floor chair": floor_chair,
}
