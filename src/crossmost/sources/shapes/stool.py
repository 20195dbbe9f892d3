"""Stools: bar, round, step, piano, swivel, pouf, beanbag, saddle, and benches with and without a back."""

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder, SubType, arc
from crossmost.sources.shapes.legs import chance, choose, four_legs, one_leg, pedestal, star_base, stretchers
from crossmost.sources.shapes.palette import (
    FABRIC,
    LEATHER,
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
from crossmost.sources.shapes.seating import seat_shell


def _round_legs(
    b: ShapeBuilder,
    color: tuple[int, int, int],
    count: int,
    radius: float,
    height: float,
    thick: float,
    splay: float,
    style: str,
) -> None:
    for leg in range(count):
        angle = 2 * np.pi * leg / count + np.pi / 4
        cos, sin = float(np.cos(angle)), float(np.sin(angle))
        top = (radius * cos, height, radius * sin)
        foot = ((radius + splay) * cos, 0.0, (radius + splay) * sin)
        one_leg(b, style, color, top, foot, thick)


def wooden_stool(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Round or square seat on three or four legs, low or high."""
    name, color = pick(rng, WOOD, WOOD, PAINT)
    height, radius = rng.uniform(0.38, 0.8), rng.uniform(0.14, 0.21)
    seat_color = color if chance(rng, 0.6) else pick(rng, LEATHER, FABRIC, WOOD)[1]
    thick = rng.uniform(0.025, 0.05)
    splay = rng.uniform(0.02, 0.1)
    style = "splayed" if chance(rng, 0.75) else choose(rng, "round", "turned", "square")
    _round_legs(b, color, int(rng.choice([3, 4, 4])), radius * 0.75, height, thick, splay, style)
    if chance(rng, 0.6):
        for level in np.linspace(0.25, 0.6, int(rng.integers(1, 4))):
            reach = (radius * 0.75 + (splay * (1 - level) if style == "splayed" else 0)) * 1.41
            stretchers(b, rng, color, (reach, reach), height * float(level), thick * 0.8)
    if chance(rng, 0.7):
        b.cylinder(radius, rng.uniform(0.025, 0.06), seat_color, (0, height, 0), sections=28)
    else:
        b.cushion((radius * 2, 0.05, radius * rng.uniform(1.4, 2)), seat_color, (0, height, 0), softness=0.2)
    return name


def child_stool(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Small stout plastic or painted stool."""
    name, color = pick(rng, PLASTIC, PAINT)
    height, radius = rng.uniform(0.26, 0.42), rng.uniform(0.14, 0.2)
    _round_legs(b, color, int(rng.choice([3, 4])), radius * 0.65, height, rng.uniform(0.05, 0.08), 0.03, "splayed")
    b.cylinder(radius, rng.uniform(0.03, 0.06), color, (0, height, 0), sections=28)
    return name


def bar_stool(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """High seat on one column with foot rest, or four thin legs with a ring; low back, shell or none."""
    name, color = pick(rng, LEATHER, FABRIC, PLASTIC, WOOD)
    _, frame = pick(rng, METAL)
    height, radius = rng.uniform(0.62, 0.82), rng.uniform(0.16, 0.22)
    column = chance(rng, 0.55)
    if column:
        b.revolve([(0, 0), (radius * 1.1, 0), (radius * 1.1, 0.015), (0.05, 0.05), (0.03, 0.12), (0, 0.12)], frame)
        b.cylinder(rng.uniform(0.02, 0.05), height, frame, (0, height / 2, 0))
        if chance(rng, 0.7):
            b.torus(radius * 0.7, 0.01, frame, (0, height * 0.4, radius * 0.3), (np.pi / 2, 0, 0))
    else:
        _round_legs(
            b, frame, int(rng.choice([3, 4, 4])), radius * 0.6, height, 0.024, rng.uniform(0.05, 0.14), "splayed"
        )
        b.torus(radius * 0.6 + 0.06, 0.009, frame, (0, height * 0.35, 0), (np.pi / 2, 0, 0))
    top = choose(rng, "disc", "pad", "shell", "back", "drum")
    if top == "disc":
        b.cylinder(radius, 0.035, color, (0, height, 0), sections=28)
    elif top == "drum":
        b.cylinder(radius, 0.09, color, (0, height, 0), sections=28)
        b.torus(radius, 0.012, frame, (0, height - 0.03, 0), (np.pi / 2, 0, 0))
    elif top == "shell":
        seat_shell(b, rng, color, radius * 2.3, radius * 2.1, height, rng.uniform(0.15, 0.4))
    else:
        b.cushion((radius * 2, 0.06, radius * 2), color, (0, height, 0), softness=0.4)
        if top == "back":
            rise = rng.uniform(0.15, 0.35)
            for x in (-radius * 0.6, radius * 0.6):
                b.rod((x, height, -radius * 0.9), (x, height + rise, -radius * 1.1), 0.01, frame)
            b.cushion((radius * 1.9, 0.13, 0.035), color, (0, height + rise, -radius * 1.08), (-0.1, 0, 0))
    return name


def swivel_stool(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Round pad on a star base with or without casters."""
    name, color = pick(rng, LEATHER, FABRIC, WOOD)
    _, frame = pick(rng, METAL, WOOD)
    height, radius = rng.uniform(0.42, 0.6), rng.uniform(0.16, 0.21)
    star_base(b, rng, frame, height, radius * 1.2, chance(rng, 0.6))
    b.revolve(
        [(0, 0), (radius * 0.9, 0), (radius, 0.03), (radius * 0.9, 0.07), (0, 0.085)], color, (0, height - 0.02, 0)
    )
    return name


def piano_stool(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Padded rectangle on turned or square legs, or a round one on claws."""
    name, color = pick(rng, WOOD)
    _, pad = pick(rng, LEATHER, FABRIC)
    width, depth, height = rng.uniform(0.45, 0.7), rng.uniform(0.3, 0.38), rng.uniform(0.44, 0.52)
    if chance(rng, 0.3):
        pedestal(b, rng, color, height, 0.2)
        b.cylinder(0.19, 0.08, pad, (0, height, 0), sections=28)
        return name
    four_legs(
        b,
        rng,
        color,
        (width, depth),
        height - 0.05,
        rng.uniform(0.035, 0.055),
        choose(rng, "turned", "square", "tapered", "square tapered"),
    )
    b.box((width, 0.08, depth), color, (0, height - 0.08, 0))
    b.cushion((width * 0.97, 0.09, depth * 0.97), pad, (0, height - 0.01, 0), softness=0.3)
    return name


def step_stool(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Two or three steps."""
    name, color = pick(rng, WOOD, PLASTIC, METAL)
    width, steps, rise, run = (
        rng.uniform(0.36, 0.46),
        int(rng.choice([2, 2, 3])),
        rng.uniform(0.18, 0.24),
        rng.uniform(0.17, 0.24),
    )
    closed = chance(rng, 0.4)
    for step in range(steps):
        z = (steps / 2 - step - 0.5) * run
        b.box((width, 0.03, run + 0.03), color, (0, (step + 1) * rise, z))
        for x in (-width / 2 + 0.015, width / 2 - 0.015):
            if closed:
                b.box((0.025, (step + 1) * rise, run), color, (x, (step + 1) * rise / 2, z))
    if not closed:
        for x in (-width / 2, width / 2):
            b.rod((x, 0, steps * run / 2), (x, steps * rise, -steps * run / 2 + run * 0.9), 0.018, color, 6)
            b.rod((x, 0, -steps * run / 2 - 0.06), (x, steps * rise, -steps * run / 2 + 0.05), 0.018, color, 6)
    return name


def pouf(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Upholstered drum, cube or flattened ball."""
    name, color = pick(rng, FABRIC, LEATHER)
    radius, height = rng.uniform(0.22, 0.45), rng.uniform(0.3, 0.46)
    form = choose(rng, "drum", "cube", "ball", "segments")
    if form == "drum":
        rim = height * rng.uniform(0.05, 0.2)
        b.revolve(
            [
                (0, 0),
                (radius * 0.97, 0),
                (radius, rim),
                (radius, height - rim),
                (radius * 0.92, height),
                (0, height + 0.01),
            ],
            color,
        )
        b.torus(radius, 0.008, shade(color, 0.7), (0, height - rim, 0), (np.pi / 2, 0, 0))
    elif form == "cube":
        b.cushion((radius * 1.8, height, radius * rng.uniform(1.4, 1.9)), color, (0, height / 2, 0), softness=0.2)
        if chance(rng, 0.5):
            four_legs(b, rng, pick(rng, WOOD)[1], (radius * 1.5, radius * 1.3), 0.12, 0.04, "tapered", (0, 0))
    elif form == "ball":
        b.ellipsoid((radius, height / 2, radius), color, (0, height / 2, 0))
    else:
        for piece in range(8):
            angle = piece * np.pi / 4
            tone = color if piece % 2 else shade(color, 0.8)
            at = (radius * 0.5 * float(np.cos(angle)), height / 2, radius * 0.5 * float(np.sin(angle)))
            b.ellipsoid((radius * 0.5, height / 2, radius * 0.42), tone, at, (0, -angle, 0))
    return name


def beanbag(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Sagging bag with a seat hollow and a higher rear."""
    name, color = pick(rng, FABRIC, LEATHER)
    radius, height, skew = rng.uniform(0.4, 0.55), rng.uniform(0.55, 0.85), rng.uniform(0.05, 0.35)
    squeeze = rng.uniform(0.55, 0.9)
    rows = []
    for share in np.linspace(0.02, 0.93, 9):
        around = np.linspace(0, 2 * np.pi, 17)
        wide = radius * np.sin(np.pi * share**squeeze) ** 0.65
        y = height * share * (1 - skew * np.sin(around) * share)
        rows.append(np.column_stack([wide * np.cos(around), y, wide * np.sin(around) - skew * share * radius]))
    b.surface(np.array(rows), color, 0.02)
    b.ellipsoid((radius * 0.4, 0.06, radius * 0.4), color, (0, height * 0.9, -skew * radius * 0.9))
    return name


def flat_bench(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Long seat without a back."""
    name, color = pick(rng, WOOD, PAINT, PLASTIC)
    frame = color if chance(rng, 0.4) else pick(rng, METAL, STONE, PAINT)[1]
    width, depth, height = rng.uniform(0.9, 1.8), rng.uniform(0.3, 0.45), rng.uniform(0.4, 0.5)
    seat = choose(rng, "plank", "planks", "oval", "pad")
    if seat == "planks":
        count = int(rng.integers(3, 6))
        for z in (np.arange(count) + 0.5) * depth / count - depth / 2:
            b.box((width, 0.04, depth / count * 0.82), color, (0, height, float(z)))
    elif seat == "oval":
        outline = [(x * width / 2, z * depth / 2) for x, z in arc((0, 0), 1.0, 0, 2 * np.pi, 25)[:-1]]
        b.extrude(outline, 0.035, color, (0, height, 0), (np.pi / 2, 0, 0))
    else:
        b.cushion(
            (width, 0.05 if seat == "plank" else 0.11, depth),
            color,
            (0, height, 0),
            softness=0.1 if seat == "plank" else 0.3,
        )
    base = choose(rng, "legs", "loops", "slabs")
    if base == "legs":
        four_legs(b, rng, frame, (width * 0.88, depth * 0.9), height, rng.uniform(0.035, 0.06))
    for x in (-width * 0.42, width * 0.42):
        if base == "slabs":
            b.box((rng.uniform(0.04, 0.14), height, depth * 0.85), frame, (x, height / 2, 0))
        elif base == "loops":
            up = height + (rng.uniform(0.12, 0.2) if chance(rng, 0.5) else -0.01)
            end = x * 1.19
            b.tube(
                [(end, 0, -depth / 2), (end, up, -depth / 2), (end, up, depth / 2), (end, 0, depth / 2)], 0.02, frame
            )
    if base == "loops":
        b.box((width, 0.03, depth * 0.3), frame, (0, height - 0.03, 0))
    return name


def park_bench(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Planks for seat and back on cast ends, with or without arms."""
    name, color = pick(rng, WOOD, WOOD, PAINT, WHITE)
    frame = color if chance(rng, 0.3) else pick(rng, METAL, STONE, WHITE)[1]
    width, depth, height = rng.uniform(1.1, 1.9), rng.uniform(0.4, 0.5), rng.uniform(0.4, 0.46)
    top, lean, bar = rng.uniform(0.75, 0.95), rng.uniform(0.15, 0.4), rng.uniform(0.04, 0.1)
    planks, backs = int(rng.integers(2, 6)), int(rng.integers(1, 5))
    for z in (np.arange(planks) + 0.5) * depth / planks - depth / 2:
        b.box((width, 0.035, depth / planks * 0.82), color, (0, height, float(z)))
    rise = top - height
    for share in (np.arange(backs) + 0.6) / backs * 0.95:
        y = height + float(share) * rise
        b.box((width, rise / backs * 0.62, 0.03), color, (0, y, -depth / 2 - lean * (y - height)), (-lean, 0, 0))
    arms = chance(rng, 0.45)
    for x in (-width * 0.42, width * 0.42):
        b.box((bar, 0.05, depth), frame, (x, height - 0.04, 0))
        b.taper((x, 0, depth * 0.5), (x, height, depth * 0.4), bar * 0.6, bar * 0.55, frame, 4)
        b.taper((x, 0, -depth * 0.62), (x, height, -depth * 0.45), bar * 0.6, bar * 0.55, frame, 4)
        b.rod((x, height - 0.05, -depth * 0.48), (x, top, -depth / 2 - lean * rise - 0.025), bar * 0.5, frame, 4)
        if arms:
            b.tube(
                [(x, height, depth * 0.42), (x, height + 0.22, depth * 0.42), (x, height + 0.23, -depth * 0.6)],
                0.022,
                frame,
            )
    return name


def woven_stool(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Saddle, hourglass or block stool of wicker, wood or stone."""
    name, color = pick(rng, WICKER, WOOD, STONE, PLASTIC)
    radius, height, waist = rng.uniform(0.16, 0.22), rng.uniform(0.4, 0.5), rng.uniform(0.55, 1.25)
    rows = [(0, 0), (radius, 0), (radius * (0.5 + waist / 2), height * 0.25), (radius * waist, height / 2)]
    rows += [(radius * (0.5 + waist / 2), height * 0.75), (radius, height), (0, height)]
    b.revolve(rows, color, sections=24)
    b.cylinder(
        radius * 0.97,
        0.03,
        shade(color, 0.8) if chance(rng, 0.5) else pick(rng, FABRIC)[1],
        (0, height + 0.01, 0),
        sections=24,
    )
    return name


SUB_TYPES: dict[str, SubType] = {
    "wooden stool": wooden_stool,
    "child stool": child_stool,
    "bar stool": bar_stool,
    "swivel stool": swivel_stool,
    "piano stool": piano_stool,
    "step stool": step_stool,
    "pouf stool": pouf,
    "beanbag puff": beanbag,
    "flat bench": flat_bench,
    "park bench": park_bench,
    "drum stool": woven_stool,
}
