"""Molded seat shells and upholstered bodies: what chairs, stools and sofas share."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.legs import chance, choose, four_legs
from crossmost.sources.shapes.palette import FABRIC, LEATHER, METAL, WOOD, pick, shade


def seat_shell(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    width: float,
    depth: float,
    seat: float,
    height: float,
    bucket: bool | None = None,
    thickness: float = 0.015,
) -> None:
    """Bent sheet from the front edge of a seat over its rear into a back; ``bucket`` raises the sides as arms."""
    bucket = chance(rng, 0.4) if bucket is None else bucket
    lean, dish = rng.uniform(0.12, 0.4), rng.uniform(0.02, 0.08)
    taper, round_top = rng.uniform(0.55, 1.0), rng.uniform(0.1, 0.45)
    line = [(-0.03, 0.5), (0.0, 0.42), (-0.02, 0.1), (-0.025, -0.2), (0.01, -0.4), (0.08, -0.5)]
    rows_y = [seat + y for y, _ in line]
    rows_z = [z * depth for _, z in line]
    for share in np.linspace(0.3, 1.0, 6):
        rows_y.append(seat + share * height)
        rows_z.append(-depth / 2 - lean * share * height)
    rows = []
    arm = rng.uniform(0.14, 0.26) if bucket else dish
    for index, (y, z) in enumerate(zip(rows_y, rows_z, strict=True)):
        rise = index / (len(rows_y) - 1)
        back = max(0.0, (rise - 0.45) / 0.55)
        wide = width / 2 * (1 - (1 - taper) * back)
        if rise > 0.85:
            wide *= 1 - round_top * (rise - 0.85) / 0.15
        lift = arm * float(np.sin(np.pi * min(1.0, rise / 0.9))) * (1 - back)
        wrap = (0.5 if bucket else 0.25) * width * back * (1 - 0.6 * back)
        row = []
        for u in np.linspace(-1, 1, 9):
            curve = abs(u) ** (2.5 if bucket else 2.0)
            row.append((u * wide, y + curve * lift, z + curve * wrap))
        rows.append(row)
    b.surface(np.array(rows), color, thickness)


def tufts(b: ShapeBuilder, color: Color, width: float, low: float, high: float, z: float) -> None:
    """Buttons in a diamond grid on the front of a back at depth ``z``."""
    dark = shade(color, 0.55)
    rows = 3
    for row, y in enumerate(np.linspace(low, high, rows)):
        columns = max(3, int(width / 0.16)) - row % 2
        for x in (np.arange(columns) + 0.5) * width / columns - width / 2:
            b.ball(0.016, dark, (float(x), float(y), z))


def body(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    seats: int,
    style: str,
    arms: tuple[bool, bool] = (True, True),
    pillows: bool | None = None,
    seat_width: float | None = None,
) -> tuple[float, float, float]:
    """Upholstered seat of ``seats`` places with back and arms; its (width, depth, seat height)."""
    unit = rng.uniform(0.52, 0.72) if seat_width is None else seat_width
    depth, seat = rng.uniform(0.75, 0.98), rng.uniform(0.36, 0.46)
    top = seat + (rng.uniform(0.5, 0.72) if style == "wing" else rng.uniform(0.3, 0.52))
    arm = rng.uniform(0.05, 0.09) if style == "slim" else rng.uniform(0.12, 0.25)
    arm_top = top if style in ("tub", "chesterfield") else seat + rng.uniform(0.1, 0.24)
    back = rng.uniform(0.14, 0.26)
    lift = rng.uniform(0.0, 0.16) if chance(rng, 0.75) else 0.0
    inner = unit * seats
    width = inner + arm * 2
    _, leg = pick(rng, WOOD, METAL)
    second = color if chance(rng, 0.75) else pick(rng, FABRIC, LEATHER)[1]
    soft = float(rng.uniform(0.08, 0.3))
    if lift > 0.02:
        leg_style = choose(rng, "square", "tapered", "round", "splayed", "square tapered")
        stance = inner * 0.85 if style == "tub" else width * 0.95
        four_legs(b, rng, leg, (stance, depth * 0.8), lift + 0.02, rng.uniform(0.035, 0.08), leg_style)
    pad = rng.uniform(0.11, 0.18)
    plinth = inner * 0.96 if style == "tub" else inner + arm
    b.box((plinth, seat - pad - lift, depth * 0.8), color, (0, lift + (seat - pad - lift) / 2, depth * 0.07))
    lean = rng.uniform(0.0, 0.22)
    _back(b, rng, color, second, style, (inner, depth, seat, top, back, lean), lift, seats)
    cushions = seats if chance(rng, 0.8) else 1
    for place in range(cushions):
        wide = inner / cushions
        x = -inner / 2 + (place + 0.5) * wide
        size = (wide * 0.99, pad, depth - back * 0.8)
        b.cushion(size, second, (x, seat - pad / 2 + 0.01, back * 0.4 + 0.02), softness=soft)
    b.box((inner, pad * 0.8, depth * 0.6), shade(color, 0.9), (0, seat - pad * 0.6, -0.05))
    for side, present in ((-1, arms[0]), (1, arms[1])):
        if present:
            _arm(b, color, style, side, (inner, depth, lift, arm, arm_top), leg, seat)
    if style == "wing":
        for side in (-1, 1):
            at = (side * (inner / 2 + arm * 0.3), seat + (top - seat) * 0.68, -depth / 2 + back + 0.05)
            b.cushion((0.07, (top - seat) * 0.7, 0.26), color, at, (0, -side * 0.2, 0), softness=0.3)
    if chance(rng, 0.35) if pillows is None else pillows:
        for _ in range(int(rng.integers(1, seats + 2))):
            edge = rng.uniform(0.3, 0.45)
            shift = rng.uniform(-1, 1) * max(inner / 2 - edge / 2, 0)
            at = (shift, seat + edge * 0.45, -depth / 2 + back + 0.12)
            _, pillow = pick(rng, FABRIC)
            b.cushion((edge, edge, 0.13), pillow, at, (-0.3, 0, rng.uniform(-0.2, 0.2)), softness=0.6)
    return width, depth, seat


def _back(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    second: Color,
    style: str,
    sizes: tuple[float, float, float, float, float, float],
    lift: float,
    seats: int,
) -> None:
    inner, depth, seat, top, back, lean = sizes
    z = -depth / 2 + back / 2
    if style == "tub":
        angles = np.linspace(-0.15, np.pi + 0.15, 15)
        rows = []
        for y in np.linspace(lift, top, 4):
            flare = 1 + 0.08 * (y - lift)
            xs = (inner / 2 + 0.04) * flare * np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** 0.6
            zs = 0.1 - (depth / 2 + 0.02) * flare * np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** 0.6
            rows.append(np.column_stack([xs, np.full(15, y), zs]))
        b.surface(np.array(rows), color, rng.uniform(0.08, 0.14))
        return
    b.cushion(
        (inner + 0.06, top - lift, back * 0.7), color, (0, (top + lift) / 2, z - back * 0.1), (-lean / 2, 0, 0), 0.1
    )
    if style == "chesterfield":
        b.cylinder(back * 0.55, inner + back, color, (0, top - back * 0.4, z - 0.02), (0, 0, np.pi / 2))
        tufts(b, color, inner, seat + 0.08, top - back * 0.6, z + back * 0.27)
        return
    count = seats if chance(rng, 0.7) else 1
    height = (top - seat) * rng.uniform(0.85, 1.08)
    for place in range(count):
        x = -inner / 2 + (place + 0.5) * inner / count
        size = (inner / count * 0.98, height, back * 0.8)
        b.cushion(size, second, (x, seat + height / 2, z + back * 0.45), (-lean, 0, 0), softness=0.25)
    if chance(rng, 0.2):
        tufts(b, color, inner, seat + 0.12, top - 0.08, z + back * 0.83)


def _arm(
    b: ShapeBuilder,
    color: Color,
    style: str,
    side: int,
    sizes: tuple[float, float, float, float, float],
    leg: Color,
    seat: float,
) -> None:
    inner, depth, lift, arm, top = sizes
    x = side * (inner + arm) / 2
    if style == "tub":
        return
    if style == "open":
        b.box((arm * 0.4, 0.03, depth), leg, (x, top, 0))
        for z in (-depth * 0.45, depth * 0.45):
            b.box((arm * 0.4, top, 0.05), leg, (x, top / 2, z))
        return
    if style in ("rolled", "chesterfield", "wing"):
        roll = arm * 0.55
        b.box((arm * 0.85, top - roll - lift, depth * 0.98), color, (x, lift + (top - roll - lift) / 2, 0))
        b.cylinder(roll, depth, color, (x + side * roll * 0.2, top - roll, 0), (np.pi / 2, 0, 0), sections=14)
        return
    soft = 0.1 if style == "slim" else 0.2
    b.cushion((arm, top - lift, depth), color, (x, (top + lift) / 2, 0), softness=soft)


def easy_chair(b: ShapeBuilder, rng: np.random.Generator, style: str) -> str:
    """Upholstered one-seat armchair of a body style."""
    name, color = pick(rng, FABRIC, LEATHER)
    body(b, rng, color, 1, style, pillows=chance(rng, 0.12))
    return name
