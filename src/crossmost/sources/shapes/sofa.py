"""Sofas: two to four seats, corner, chaise longue, chesterfield, futon, convertible, wicker and open-frame."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder, SubType
from crossmost.sources.shapes.legs import chance, choose, four_legs
from crossmost.sources.shapes.palette import FABRIC, LEATHER, METAL, WHITE, WICKER, WOOD, Palette, pick, shade
from crossmost.sources.shapes.seating import body, tufts

STYLES = ("block", "rolled", "slim", "block", "open")


def _straight(b: ShapeBuilder, rng: np.random.Generator, seats: int, *palettes: Palette, style: str = "") -> str:
    name, color = pick(rng, *palettes)
    body(b, rng, color, seats, style or choose(rng, *STYLES))
    return name


def two_seat_sofa(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Loveseat."""
    return _straight(b, rng, 2, FABRIC, FABRIC, LEATHER)


def three_seat_sofa(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Three or four seats."""
    return _straight(b, rng, int(rng.choice([3, 3, 4])), FABRIC)


def leather_sofa(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Leather couch."""
    return _straight(b, rng, int(rng.choice([2, 3])), LEATHER)


def chesterfield_sofa(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tufted back and rolled arms of one height."""
    return _straight(b, rng, int(rng.choice([2, 3])), LEATHER, FABRIC, style="chesterfield")


def camelback_sofa(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Curved crest over the back."""
    name, color = pick(rng, FABRIC, LEATHER)
    seats = int(rng.choice([2, 3]))
    width, depth, seat = body(b, rng, color, seats, "rolled")
    steps = np.linspace(-1, 1, 13)
    crest = seat + 0.42 + rng.uniform(0.06, 0.16) * np.cos(steps * np.pi / 2)
    grid = [[(u * width * 0.42, y, -depth / 2 + 0.08) for u in steps] for y in (seat,)]
    grid.append([(u * width * 0.42, float(c), -depth / 2 + 0.04) for u, c in zip(steps, crest, strict=True)])
    b.surface(np.array(grid), color, 0.14)
    return name


def corner_sofa(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """L-shape: a long side, a corner and a short side, or a chaise at one end."""
    name, color = pick(rng, FABRIC, FABRIC, LEATHER)
    _, leg = pick(rng, METAL, WOOD)
    hand = 1 if chance(rng, 0.5) else -1
    unit, depth = rng.uniform(0.6, 0.8), rng.uniform(0.8, 0.95)
    seats, wing = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    seat, top = rng.uniform(0.36, 0.44), rng.uniform(0.62, 0.9)
    lift, back, arm = rng.uniform(0.02, 0.14), rng.uniform(0.16, 0.28), rng.uniform(0.1, 0.24)
    chaise = chance(rng, 0.4)
    soft = 0.15
    length, reach = seats * unit, wing * unit
    corner = hand * (length / 2 + depth / 2)
    pad = 0.14
    bottom = (lift + seat - pad) / 2
    b.box(
        (length + depth, seat - pad - lift, depth),
        color,
        (corner / 2 - hand * length / 4 + hand * length / 4, bottom, 0),
    )
    x_wing = corner / 2 + hand * length / 2
    b.box((depth, seat - pad - lift, reach), color, (x_wing, bottom, depth / 2 + reach / 2))
    middle = corner / 2
    b.cushion(
        (length + depth, top - lift, back), color, (middle, (top + lift) / 2, -depth / 2 + back / 2), softness=soft
    )
    for place in range(seats):
        x = middle - hand * (length + depth) / 2 + hand * (place + 0.5) * unit
        b.cushion((unit * 0.98, pad, depth - back), color, (x, seat - pad / 2, back / 2), softness=0.2)
        high = (top - seat) * rng.uniform(0.9, 1.05)
        b.cushion(
            (unit * 0.96, high, back * 0.8), color, (x, seat + high / 2, -depth / 2 + back * 1.2), (-0.15, 0, 0), 0.3
        )
    b.cushion((depth, pad, depth), color, (x_wing, seat - pad / 2, 0), softness=0.15)
    outer = x_wing + hand * (depth / 2 - back / 2)
    if not chaise:
        b.cushion((back, top - lift, reach + depth), color, (outer, (top + lift) / 2, reach / 2), softness=soft)
    else:
        b.cushion((back, top - lift, depth), color, (outer, (top + lift) / 2, 0), softness=soft)
    for place in range(wing):
        z = depth / 2 + (place + 0.5) * unit
        wide = depth if chaise else depth - back
        b.cushion(
            (wide, pad, unit * 0.98),
            color,
            (x_wing - (0 if chaise else hand * back / 2), seat - pad / 2, z),
            softness=0.2,
        )
        if not chaise:
            high = top - seat
            b.cushion(
                (back * 0.8, high, unit * 0.96),
                color,
                (outer - hand * back * 0.8, seat + high / 2, z),
                (0, 0, hand * -0.15),
                0.3,
            )
    arm_top = seat + rng.uniform(0.05, 0.25)
    end = middle - hand * ((length + depth) / 2 + arm / 2)
    if chance(rng, 0.8):
        b.cushion((arm, arm_top - lift, depth), color, (end, (arm_top + lift) / 2, 0), softness=soft)
    if not chaise and chance(rng, 0.6):
        b.cushion(
            (depth, arm_top - lift, arm),
            color,
            (x_wing, (arm_top + lift) / 2, depth / 2 + reach + arm / 2),
            softness=soft,
        )
    four_legs(b, rng, leg, (length + depth * 0.9, depth * 0.9), lift + 0.01, 0.06, "square", (middle, 0))
    four_legs(b, rng, leg, (depth * 0.9, 0.2), lift + 0.01, 0.06, "square", (x_wing, depth / 2 + reach - 0.15))
    _pillows(b, rng, int(rng.integers(0, 5)), length, (middle, seat, -depth / 2 + back + 0.2))
    return name


def _pillows(
    b: ShapeBuilder, rng: np.random.Generator, count: int, spread: float, at: tuple[float, float, float]
) -> None:
    for _ in range(count):
        _, color = pick(rng, FABRIC)
        size = rng.uniform(0.32, 0.46)
        place = (at[0] + rng.uniform(-0.45, 0.45) * spread, at[1] + size * 0.45, at[2])
        b.cushion((size, size, 0.12), color, place, (-0.35, rng.uniform(-0.3, 0.3), 0), softness=0.6)


def chaise_longue(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Long seat with one raised end."""
    name, color = pick(rng, FABRIC, LEATHER)
    _, leg = pick(rng, WOOD, METAL)
    length, depth, seat = rng.uniform(1.4, 1.9), rng.uniform(0.6, 0.8), rng.uniform(0.36, 0.45)
    hand = 1 if chance(rng, 0.5) else -1
    four_legs(b, rng, leg, (length * 0.9, depth * 0.85), seat * 0.5, 0.06)
    b.cushion((length, seat * 0.55, depth), color, (0, seat * 0.72, 0), softness=0.25)
    b.cushion(
        (0.18, rng.uniform(0.4, 0.55), depth), color, (hand * length * 0.47, seat + 0.2, 0), (0, 0, -hand * 0.3), 0.4
    )
    if chance(rng, 0.7):
        share = rng.uniform(0.4, 0.95)
        at = (hand * length * (1 - share) / 2, seat + 0.15, -depth / 2 + 0.06)
        b.cushion((length * share, 0.42, 0.14), color, at, softness=0.4)
    if chance(rng, 0.5):
        b.cylinder(0.09, depth * 0.9, pick(rng, FABRIC)[1], (hand * length * 0.33, seat + 0.1, 0), (np.pi / 2, 0, 0))
    return name


def futon_sofa(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """One mattress folded over a frame with thin arms."""
    name, color = pick(rng, FABRIC)
    _, frame = pick(rng, WOOD, METAL)
    width, depth, seat = rng.uniform(1.6, 2.1), rng.uniform(0.75, 0.95), rng.uniform(0.38, 0.46)
    height, lean, pad = rng.uniform(0.42, 0.6), rng.uniform(0.15, 0.4), rng.uniform(0.11, 0.18)
    b.cushion((width, pad, depth), color, (0, seat, 0.03), (-0.08, 0, 0), softness=0.3)
    b.cushion(
        (width, height + pad, pad),
        color,
        (0, seat + height / 2, -depth / 2 - lean * height / 2 + 0.06),
        (-lean, 0, 0),
        0.3,
    )
    if chance(rng, 0.35):
        tufts(b, color, width, seat + 0.12, seat + height - 0.1, -depth / 2 - lean * height / 2 + 0.06 + pad / 2)
    for x in (-width / 2 - 0.04, width / 2 + 0.04):
        arm = seat + rng.uniform(0.14, 0.2)
        if chance(rng, 0.5):
            b.tube(
                [(x, 0.02, depth / 2), (x, arm, depth / 2 - 0.05), (x, arm, -depth / 2), (x, 0.02, -depth / 2)],
                0.025,
                frame,
            )
            b.rod((x, seat - 0.1, -depth / 2), (x, seat - 0.1, depth / 2), 0.02, frame)
        else:
            b.box((0.07, 0.035, depth), frame, (x, arm, 0))
            for z in (-depth / 2 + 0.04, 0.0, depth / 2 - 0.04):
                b.box((0.05, arm, 0.05), frame, (x, arm / 2, z))
    b.box((width, 0.07, 0.04), frame, (0, seat - pad / 2 - 0.05, depth / 2))
    b.box((width, 0.07, 0.04), frame, (0, seat - pad / 2 - 0.05, -depth / 2))
    return name


def convertible_sofa(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Armless sofa-bed, folded as a block or opened flat."""
    name, color = pick(rng, FABRIC)
    width = rng.uniform(1.3, 1.9)
    _, leg = pick(rng, METAL, WOOD)
    if chance(rng, 0.4):
        length, high = rng.uniform(1.7, 2.0), rng.uniform(0.28, 0.4)
        four_legs(b, rng, leg, (width * 0.9, length * 0.9), high - 0.12, 0.04, "round")
        for part in range(3):
            tone = color if part != 1 else shade(color, rng.uniform(0.75, 1.2))
            b.cushion((width, 0.16, length / 3), tone, (0, high, (part - 1) * length / 3), softness=0.2)
        b.cushion((width, 0.24, 0.12), color, (0, high + 0.14, -length / 2), (-0.5, 0, 0), softness=0.5)
        return name
    depth, seat, top = rng.uniform(0.8, 1.0), rng.uniform(0.38, 0.45), rng.uniform(0.8, 0.95)
    b.cushion((width, seat, depth), color, (0, seat / 2, 0), softness=0.15)
    b.cushion((width, top, 0.26), color, (0, top / 2, -depth / 2 + 0.08), (-0.12, 0, 0), softness=0.3)
    b.box((width * 0.97, 0.012, depth * 0.9), shade(color, 0.7), (0, seat * 0.5, 0.051 * depth))
    _pillows(b, rng, int(rng.integers(0, 3)), width * 0.8, (0, seat, -depth / 2 + 0.32))
    return name


def wicker_sofa(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Woven garden sofa with light cushions."""
    name, color = pick(rng, WICKER, WICKER, FABRIC)
    _, pad = pick(rng, WHITE, FABRIC)
    seats = int(rng.choice([2, 2, 3]))
    inner, depth, seat = seats * rng.uniform(0.52, 0.64), rng.uniform(0.7, 0.85), rng.uniform(0.28, 0.36)
    arm_top, top, arm = seat + rng.uniform(0.18, 0.28), rng.uniform(0.7, 0.92), rng.uniform(0.06, 0.14)
    b.box((inner, seat, depth), color, (0, seat / 2 + 0.03, 0))
    b.box((inner + 2 * arm, top, 0.08), color, (0, top / 2 + 0.03, -depth / 2 + 0.04))
    for side in (-1, 1):
        b.box((arm, arm_top, depth), color, (side * (inner + arm) / 2, arm_top / 2 + 0.03, 0))
    _cushions(b, rng, pad, seats, (inner, depth, seat + 0.03, top))
    return name


def _cushions(
    b: ShapeBuilder, rng: np.random.Generator, color: Color, seats: int, sizes: tuple[float, float, float, float]
) -> None:
    inner, depth, seat, top = sizes
    for place in range(seats):
        x = -inner / 2 + (place + 0.5) * inner / seats
        b.cushion((inner / seats * 0.98, 0.14, depth - 0.1), color, (x, seat + 0.07, 0.05), softness=0.2)
        high = top - seat - 0.08
        b.cushion(
            (inner / seats * 0.95, high, 0.15),
            color,
            (x, seat + 0.12 + high / 2, -depth / 2 + 0.17),
            (-0.18, 0, 0),
            0.3,
        )
    _pillows(b, rng, int(rng.integers(0, 3)), inner * 0.8, (0, seat + 0.13, -depth / 2 + 0.35))


def frame_sofa(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Cushions in an open wooden or tubular frame."""
    name, color = pick(rng, FABRIC, LEATHER, WHITE)
    _, frame = pick(rng, WOOD, METAL)
    seats = int(rng.choice([2, 3, 3]))
    inner, depth, seat = seats * rng.uniform(0.54, 0.68), rng.uniform(0.7, 0.88), rng.uniform(0.26, 0.34)
    top, bar = rng.uniform(0.66, 0.85), rng.uniform(0.03, 0.06)
    arm = seat + rng.uniform(0.2, 0.32)
    b.box((inner, bar, depth), frame, (0, seat, 0))
    for x in (-inner / 2 - bar / 2, inner / 2 + bar / 2):
        for z in (-depth / 2, depth / 2):
            b.box((bar, arm, bar), frame, (x, arm / 2, z))
        b.box((bar * rng.uniform(1, 2), bar * 0.7, depth + bar), frame, (x, arm, 0))
        if chance(rng, 0.4):
            for z in np.linspace(-depth * 0.35, depth * 0.35, 5):
                b.box((bar * 0.4, arm - seat, bar * 0.5), frame, (x, (arm + seat) / 2, float(z)))
    if chance(rng, 0.5):
        for x in np.linspace(-inner / 2, inner / 2, seats * 4):
            b.box((0.03, top - seat, 0.02), frame, (float(x), (top + seat) / 2, -depth / 2 - 0.04), (-0.12, 0, 0))
    b.box((inner + bar, bar, bar * 0.7), frame, (0, top, -depth / 2 - 0.06))
    _cushions(b, rng, color, seats, (inner, depth, seat + bar / 2, top))
    return name


SUB_TYPES: dict[str, SubType] = {
    "two-seat sofa": two_seat_sofa,
    "three-seat sofa": three_seat_sofa,
    "leather couch": leather_sofa,
    "chesterfield sofa": chesterfield_sofa,
    "camelback sofa": camelback_sofa,
    "corner sofa": corner_sofa,
    "chaise longue": chaise_longue,
    "futon couch": futon_sofa,
    "convertible sofa": convertible_sofa,
    "wicker sofa": wicker_sofa,
    "open-frame sofa": frame_sofa,
}
