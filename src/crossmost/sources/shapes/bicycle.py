"""Bicycles, scooters, tricycles and motorbikes. They face +z; wheels turn about x."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder, SubType
from crossmost.sources.shapes.cycle_parts import LAMP, TYRE, bar, fender, handlebar, place, solid_wheel, spoked_wheel
from crossmost.sources.shapes.motorbike import motor_scooter, motorbike
from crossmost.sources.shapes.palette import LEATHER, METAL, PAINT, PLASTIC, pick, shade
from crossmost.sources.shapes.solids import bars, spline, sweep


def _bike(builder: ShapeBuilder, rng: np.random.Generator, kind: str, scale: float = 1.0) -> str:
    """A pedal bicycle; ``kind`` is "road", "mountain", "city", "bmx" or "kids"."""
    name, color = pick(rng, PAINT, PLASTIC, METAL)
    _, metal = pick(rng, {"silver": (184, 186, 190), "black": (40, 40, 44)})
    radius = {"bmx": 0.25, "kids": 0.2}.get(kind, 0.34) * rng.uniform(0.95, 1.05)
    thick = {"road": 0.012, "city": 0.018, "mountain": 0.027, "bmx": 0.025, "kids": 0.024}[kind] * rng.uniform(0.9, 1.2)
    base = {"bmx": 0.92, "kids": 0.7}.get(kind, 1.04) * rng.uniform(0.95, 1.06)
    rear, front = place(radius, -base * 0.45), place(radius, base * 0.55)
    crank = place(radius * rng.uniform(0.8, 1.0), -base * 0.03)
    tall = {"bmx": 0.42, "kids": 0.36}.get(kind, 0.6) * rng.uniform(0.9, 1.08)
    seat = crank + place(tall * 0.85, -tall * 0.32)
    head = front + place({"bmx": 0.34, "kids": 0.28}.get(kind, 0.5) * rng.uniform(0.95, 1.1), -base * 0.2)
    neck = head * 0.8 + front * 0.2
    tube = {"mountain": 0.021, "kids": 0.018}.get(kind, 0.016) * rng.uniform(0.85, 1.2)
    step_through = kind == "city" and rng.random() < 0.6
    joint = crank * 0.55 + seat * 0.45 if step_through else crank * 0.12 + seat * 0.88
    bar(builder, [crank, seat], tube, color)
    bar(builder, [crank, neck], tube * 1.15, color)
    if step_through:
        bar(builder, [joint, (joint + head) / 2 - [0, tall * 0.1, 0], head * 0.9 + neck * 0.1], tube, color, 8)
    else:
        bar(builder, [joint, head], tube, color)
    bar(builder, [neck + (neck - head) * 0.2, head + (head - neck) * 0.3], tube * 1.2, color)
    for side in (-1.0, 1.0):
        out = np.array([side * 0.05, 0, 0])
        bar(builder, [crank + out * 0.6, rear + out], tube * 0.6, color)
        bar(builder, [joint + out * 0.4, rear + out], tube * 0.55, color)
        bar(
            builder,
            [neck + out * 0.9, neck * 0.3 + front * 0.7 + out - [0, 0, 0.015], front + out],
            tube * 0.75,
            color if rng.random() < 0.6 else metal,
            7,
        )
        arm = np.array([side * 0.08, side * 0.1 * 0.6, side * 0.14]) * (radius / 0.34)
        builder.rod(tuple(crank + [side * 0.07, 0, 0]), tuple(crank + arm), 0.008, metal)
        builder.box((0.08, 0.02, 0.07), TYRE, tuple(crank + arm + [side * 0.05, 0, 0]))
    spoked_wheel(builder, rng, rear, radius, thick, metal)
    spoked_wheel(builder, rng, front, radius, thick, metal)
    builder.cylinder(radius * 0.28, 0.008, metal, tuple(crank + [0.045, 0, 0]), (0, 0, np.pi / 2), sections=18)
    builder.add(
        bars(
            [crank + [0.045, radius * 0.27, 0], crank + [0.045, -radius * 0.27, 0]],
            [rear + [0.045, 0.03, 0], rear + [0.045, -0.03, 0]],
            0.005,
            4,
        ),
        TYRE,
    )
    saddle = seat + (seat - crank) * rng.uniform(0.1, 0.3)
    builder.rod(tuple(seat), tuple(saddle), tube * 0.75, metal)
    path = np.array(
        [
            saddle + place(0.02, 0.15),
            saddle + place(0.025, 0.05),
            saddle + place(0.025, -0.05),
            saddle + place(0.03, -0.12),
        ]
    )
    sizes = np.array([[0.014, 0.012], [0.03, 0.02], [0.06, 0.025], [0.07, 0.022]]) * rng.uniform(0.9, 1.25)
    builder.add(sweep(path, sizes, 10, side=(1, 0, 0)), pick(rng, LEATHER, PLASTIC)[1])
    top = head + (head - neck) * rng.uniform(0.5, 1.0)
    ahead = 0.08 if kind in ("road", "mountain") else 0.02
    bar(builder, [head, top, top + [0, 0, ahead]], 0.013, metal)
    style = {"road": "drop", "mountain": "flat", "city": "swept", "bmx": "raised", "kids": "raised"}[kind]
    if rng.random() < 0.2:
        style = str(rng.choice(["flat", "swept", "raised"]))
    handlebar(builder, rng, top + [0, 0, ahead], rng.uniform(0.2, 0.31), style, metal)
    if kind in ("city", "kids") and rng.random() < 0.75:
        fender(builder, rear, radius * 1.07, 0.03, color, 0.3, 2.9)
        fender(builder, front, radius * 1.07, 0.03, color, 0.7, 2.7)
    if kind == "city":
        if rng.random() < 0.6:
            level = radius * 2.2
            for x in (-0.05, 0.0, 0.05):
                builder.rod((x, level, rear[2] - 0.2), (x, level, rear[2] + 0.16), 0.006, metal, 6)
            for side in (-0.05, 0.05):
                builder.rod((side, level, rear[2] - 0.1), tuple(rear + [side, 0, 0]), 0.005, metal, 6)
        if rng.random() < 0.4:
            builder.cushion((0.34, 0.22, 0.24), (170, 130, 84), tuple(top + [0, -0.08, 0.22]), softness=0.2)
        builder.ellipsoid((0.035, 0.035, 0.045), LAMP, tuple(head + [0, 0, 0.08]))
    if kind == "kids" and rng.random() < 0.7:
        for side in (-1.0, 1.0):
            small = place(0.06, rear[2], side * 0.17)
            solid_wheel(builder, rng, small, 0.06, 0.03, color)
            builder.rod(tuple(rear + [side * 0.05, 0, 0]), tuple(small), 0.008, metal)
    return name


def road_bike(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Racing bicycle with drop bars."""
    return _bike(builder, rng, "road")


def mountain_bike(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Mountain bicycle with fat tires."""
    return _bike(builder, rng, "mountain")


def city_bike(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """City bicycle with guards, rack or basket."""
    return _bike(builder, rng, "city")


def bmx(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Small-wheeled bicycle with raised bars."""
    return _bike(builder, rng, "bmx")


def kids_bike(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Children's bicycle, often with training wheels."""
    return _bike(builder, rng, "kids")


def kick_scooter(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Kick scooter: a deck, small wheels and a tall handlebar."""
    name, color = pick(rng, METAL, PAINT, PLASTIC)
    _, metal = pick(rng, METAL)
    radius = rng.uniform(0.05, 0.11)
    long, high = rng.uniform(0.55, 0.8), rng.uniform(0.7, 1.05)
    rear, front = place(radius, -long / 2), place(radius, long / 2)
    deck = radius * rng.uniform(0.8, 1.2)
    builder.cushion((rng.uniform(0.1, 0.16), 0.03, long * 0.72), color, (0, deck, -long * 0.08), softness=0.2)
    top = place(high, front[2] - high * rng.uniform(0.08, 0.2))
    crown = front * 0.75 + top * 0.25
    bar(builder, [place(deck, long * 0.24), crown], 0.02, color)
    bar(builder, [front + [0.035, 0, 0], crown, top], 0.015, metal)
    builder.rod(tuple(front + [-0.035, 0, 0]), tuple(crown), 0.012, metal)
    builder.rod(tuple(rear + [0.03, 0, 0]), tuple(place(deck, -long * 0.35, 0.03)), 0.012, metal)
    builder.rod(tuple(rear + [-0.03, 0, 0]), tuple(place(deck, -long * 0.35, -0.03)), 0.012, metal)
    wide = rng.uniform(0.15, 0.24)
    builder.rod(tuple(top + [-wide, 0, 0]), tuple(top + [wide, 0, 0]), 0.011, metal)
    _, grip = pick(rng, PLASTIC)
    for side in (-1.0, 1.0):
        builder.rod(tuple(top + [side * wide, 0, 0]), tuple(top + [side * wide * 0.55, 0, 0]), 0.018, grip)
    for center in (rear, front):
        solid_wheel(builder, rng, center, radius, radius * 0.35, pick(rng, METAL, PLASTIC)[1])
    fender(builder, rear, radius * 1.12, 0.025, shade(color, 0.8), 0.8, 2.6)
    return name


def tricycle(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Children's tricycle: big front wheel with pedals, two rear wheels, seat with a back, perhaps a tub."""
    name, color = pick(rng, PLASTIC)
    parts = [pick(rng, PLASTIC)[1] for _ in range(4)]
    radius, small = rng.uniform(0.13, 0.18), rng.uniform(0.08, 0.13)
    base, track = rng.uniform(0.42, 0.56), rng.uniform(0.16, 0.24)
    front = place(radius, base / 2)
    thick = rng.uniform(0.014, 0.026)
    solid_wheel(builder, rng, front, radius, rng.uniform(0.04, 0.08), parts[0])
    for side in (-1.0, 1.0):
        solid_wheel(builder, rng, place(small, -base / 2, side * track), small, rng.uniform(0.04, 0.08), parts[0])
        pedal = front + [side * 0.11, side * 0.05, side * 0.06]
        builder.rod(tuple(front), tuple(pedal), 0.008, (150, 150, 154))
        builder.box((0.07, 0.02, 0.05), parts[1], tuple(pedal))
    builder.rod(tuple(place(small, -base / 2, -track)), tuple(place(small, -base / 2, track)), thick * 0.8, parts[1])
    top = front + place(rng.uniform(0.32, 0.42), -rng.uniform(0.08, 0.16))
    crown = front * 0.5 + top * 0.5
    bar(builder, [crown, place(radius * 1.2, 0.0), place(small * 1.2, -base / 2)], thick * 1.3, color, 10)
    for side in (-1.0, 1.0):
        bar(builder, [front + [side * 0.06, 0, 0], crown + [side * 0.05, 0, 0]], thick * 0.8, color)
    bar(builder, [crown, top], thick, color)
    handlebar(builder, rng, top, rng.uniform(0.14, 0.2), str(rng.choice(["flat", "raised", "swept"])), parts[2])
    fender(builder, front, radius * 1.15, 0.05, color, 0.5, 2.6)
    level = rng.uniform(0.26, 0.33)
    builder.cushion((0.24, 0.07, 0.22), parts[3], (0, level, -base * 0.28), softness=0.5)
    if rng.random() < 0.7:
        builder.cushion(
            (0.24, 0.22, 0.05), parts[3], (0, level + 0.12, -base * 0.28 - 0.11), (-0.2, 0, 0), softness=0.5
        )
    builder.rod(tuple(place(small, -base * 0.4)), tuple(place(level, -base * 0.3)), thick, color)
    if rng.random() < 0.5:
        builder.cushion((0.3, 0.14, 0.2), parts[2], (0, small * 1.7, -base / 2 - 0.1), softness=0.3)
    if rng.random() < 0.3:
        bar(builder, [place(level, -base / 2 - 0.05), place(0.8, -base / 2 - 0.35)], 0.012, parts[1])
    return name


def rocker(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Playground motorbike: cut-out panels with a seat on a spring."""
    name, color = pick(rng, PLASTIC)
    _, second = pick(rng, PLASTIC)
    _, third = pick(rng, PLASTIC)
    turn = np.linspace(0, 2 * np.pi * 5, 60)
    coil = np.column_stack([0.09 * np.sin(turn), np.linspace(0, 0.32, 60), 0.09 * np.cos(turn)])
    builder.add(sweep(coil, 0.014, 6), second)
    builder.box((0.3, 0.04, 0.5), color, (0, 0.34, 0))
    for z in (-0.34, 0.36):
        builder.cylinder(rng.uniform(0.15, 0.2), 0.07, color, (0, 0.42, z), (0, 0, np.pi / 2), sections=20)
        builder.cylinder(0.07, 0.09, second, (0, 0.42, z), (0, 0, np.pi / 2), sections=14)
    outline = spline(
        [
            [-0.45, 0.36],
            [0.38, 0.36],
            [0.5, 0.62],
            [0.34, 0.86],
            [0.2, 0.68],
            [-0.1, 0.6],
            [-0.48, 0.7],
            [-0.45, 0.36],
        ],
        30,
    )[:-1]
    for x in (-0.12, 0.12):
        builder.extrude([[-z, y] for z, y in outline], 0.03, color, (x, 0, 0), (0, np.pi / 2, 0))
    builder.cushion((0.24, 0.09, 0.36), third, (0, 0.64, -0.14), softness=0.5)
    builder.cushion((0.24, 0.2, 0.06), third, (0, 0.74, -0.36), (-0.2, 0, 0), softness=0.5)
    handlebar(builder, rng, place(0.8, 0.28), 0.2, "flat", second)
    builder.ellipsoid((0.08, 0.08, 0.05), third, (0, 0.7, 0.45))
    return name


SUB_TYPES: dict[str, SubType] = {
    "road bike": road_bike,
    "mountain bike": mountain_bike,
    "city bike": city_bike,
    "bmx bike": bmx,
    "kids bike": kids_bike,
    "kick scooter": kick_scooter,
    "motor scooter": motor_scooter,
    "motorbike": motorbike,
    "tricycle": tricycle,
    "spring rocker motorbike": rocker,
}
