"""Cars, vans, trucks and buses. The front faces +z."""

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder, SubType
from crossmost.sources.shapes.car_body import CarPlan, draw_car
from crossmost.sources.shapes.car_parts import DARK, TYRE, add_wheels
from crossmost.sources.shapes.heavy_vehicle import bus, truck, van
from crossmost.sources.shapes.palette import GLASS, METAL, PAINT, pick, shade
from crossmost.sources.shapes.solids import sweep


def _passenger(rng: np.random.Generator, kind: str) -> CarPlan:
    """Random proportions of one kind of passenger car."""
    u = rng.uniform
    belt: tuple[tuple[float, float], ...]
    hood, trunk = u(0.5, 0.6), u(0.56, 0.66)
    if kind == "sedan":
        cabin = (u(0.1, 0.18), u(0.28, 0.34), u(0.54, 0.6), u(0.68, 0.76))
        belt = (
            (0.0, trunk * 0.85),
            (0.04, trunk),
            (0.2, trunk * 1.03),
            (0.5, trunk),
            (0.72, hood * 1.1),
            (0.92, hood * 0.95),
            (1.0, hood * 0.7),
        )
        return CarPlan(u(4.2, 5.0), u(1.7, 1.9), u(1.38, 1.52), u(0.29, 0.35), belt, cabin, (0.0, 0.45, 1.0))
    if kind == "hatchback":
        cabin = (u(0.0, 0.05), u(0.08, 0.18), u(0.52, 0.6), u(0.72, 0.82))
        belt = (
            (0.0, trunk * 0.95),
            (0.05, trunk * 1.06),
            (0.4, trunk),
            (0.76, hood * 1.12),
            (0.93, hood),
            (1.0, hood * 0.7),
        )
        return CarPlan(u(3.4, 4.4), u(1.65, 1.85), u(1.42, 1.62), u(0.28, 0.34), belt, cabin, (0.0, 0.2, 0.55, 1.0))
    if kind == "suv":
        cabin = (u(0.0, 0.04), u(0.04, 0.12), u(0.54, 0.62), u(0.7, 0.77))
        belt = (
            (0.0, trunk * 0.95),
            (0.04, trunk * 1.05),
            (0.5, trunk),
            (0.74, hood * 1.15),
            (0.94, hood * 1.08),
            (1.0, hood * 0.8),
        )
        return CarPlan(u(4.2, 4.9), u(1.8, 2.0), u(1.62, 1.9), u(0.36, 0.42), belt, cabin, (0.0, 0.25, 0.6, 1.0))
    if kind == "smart":
        cabin = (u(0.0, 0.05), u(0.1, 0.16), u(0.6, 0.68), u(0.84, 0.92))
        belt = (
            (0.0, trunk * 0.95),
            (0.06, trunk),
            (0.5, trunk),
            (0.85, hood * 1.08),
            (0.95, hood * 0.95),
            (1.0, hood * 0.7),
        )
        return CarPlan(u(2.5, 3.3), u(1.5, 1.66), u(1.45, 1.6), u(0.28, 0.33), belt, cabin, (0.0, 0.3, 1.0))
    if kind == "sports":
        low = u(0.58, 0.66)
        cabin = (u(0.1, 0.2), u(0.32, 0.38), u(0.48, 0.54), u(0.64, 0.72))
        belt = (
            (0.0, low * 0.95),
            (0.04, low * 1.12),
            (0.25, low * 1.1),
            (0.5, low),
            (0.7, low * 1.02),
            (0.85, low * 0.9),
            (1.0, low * 0.5),
        )
        return CarPlan(u(4.1, 4.7), u(1.8, 2.0), u(1.14, 1.32), u(0.3, 0.35), belt, cabin, (0.0, 1.0))
    if kind == "beetle":
        cabin = (u(0.1, 0.17), u(0.3, 0.36), u(0.52, 0.58), u(0.68, 0.74))
        belt = ((0.0, 0.3), (0.06, 0.46), (0.2, 0.62), (0.5, 0.6), (0.75, 0.6), (0.92, 0.46), (1.0, 0.28))
        return CarPlan(u(3.9, 4.2), u(1.6, 1.75), u(1.45, 1.55), u(0.31, 0.36), belt, cabin, (0.0, 0.5, 1.0))
    cabin = (u(0.2, 0.26), 0.4, u(0.52, 0.58), u(0.64, 0.7))
    belt = (
        (0.0, trunk * 0.9),
        (0.05, trunk * 1.02),
        (0.3, trunk * 1.05),
        (0.66, hood * 1.12),
        (0.92, hood * 0.95),
        (1.0, hood * 0.65),
    )
    return CarPlan(u(3.9, 4.5), u(1.7, 1.85), u(1.3, 1.42), u(0.29, 0.34), belt, cabin, (), open_top=True)


def sedan(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Three-box saloon."""
    return draw_car(builder, rng, _passenger(rng, "sedan"))


def hatchback(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Two-box compact car or small MPV."""
    return draw_car(builder, rng, _passenger(rng, "hatchback" if rng.random() < 0.7 else "smart"))


def suv(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tall car on big wheels, perhaps with roof rails."""
    plan = _passenger(rng, "suv")
    name = draw_car(builder, rng, plan)
    if rng.random() < 0.5:
        for side in (-1, 1):
            x = side * plan.width * 0.33
            builder.rod(
                (x, plan.height * 1.02, -0.35 * plan.length),
                (x, plan.height * 1.02, 0.05 * plan.length),
                0.025,
                DARK,
            )
    return name


def sports_car(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Low coupé."""
    plan = _passenger(rng, "sports")
    name = draw_car(builder, rng, plan)
    if rng.random() < 0.3:
        builder.box((plan.width * 0.85, 0.04, 0.25), DARK, (0, plan.height * 0.86, -plan.length * 0.46))
        for side in (-1, 1):
            builder.box((0.04, 0.25, 0.1), DARK, (side * plan.width * 0.3, plan.height * 0.76, -plan.length * 0.46))
    return name


def beetle(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Car with a round nose, tail and roof."""
    return draw_car(builder, rng, _passenger(rng, "beetle"))


def convertible(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Open car with a windscreen and seats."""
    return draw_car(builder, rng, _passenger(rng, "convertible"))


def vintage_car(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Car of the 1930s: long narrow hood, big fenders, running boards, spare wheel."""
    name, color = pick(rng, PAINT)
    accent = shade(color, rng.uniform(0.4, 0.8))
    half, wheel = rng.uniform(0.75, 0.85), rng.uniform(0.36, 0.42)
    hood_front, top = 1.5, rng.uniform(0.95, 1.1)
    hood = [[0, top * 0.72, 0.1], [0, top * 0.7, 1.0], [0, top * 0.68, hood_front]]
    builder.add(sweep(hood, [[0.5, 0.34], [0.42, 0.32], [0.34, 0.3]], 16, side=(1, 0, 0), power=3), color)
    builder.cushion((2 * half * 0.85, top * 0.62, 1.75), color, (0, top * 0.68, -0.7), softness=0.3)
    builder.box((0.5, 0.45, 0.04), pick(rng, METAL)[1], (0, top * 0.7, hood_front + 0.03))
    builder.box((1.2, 0.02, 0.9), DARK, (0, top * 1.0, -0.6))
    roof = rng.random()
    if roof < 0.6:
        high = rng.uniform(1.55, 1.75)
        builder.cushion(
            (2 * half * 0.82, high - top, 1.5),
            pick(rng, GLASS)[1] if roof < 0.3 else accent,
            (0, (high + top) / 2 - 0.04, -0.75),
            softness=0.3,
        )
        builder.cushion((2 * half * 0.9, 0.12, 1.65), accent, (0, high - 0.02, -0.75), softness=0.6)
    else:
        builder.cushion((1.2, 0.3, 0.4), accent, (0, top + 0.14, -1.35), softness=0.6)
        builder.cushion((1.1, 0.4, 0.2), accent, (0, top + 0.05, -0.5), (-0.2, 0, 0))
    builder.box((1.2, 0.4, 0.03), pick(rng, GLASS)[1], (0, top + 0.2, 0.12), (-0.2, 0, 0))
    for side in (-1.0, 1.0):
        for z in (-1.25, 1.2):
            angles = np.linspace(-0.15, np.pi + 0.1, 9)
            line = np.column_stack(
                [
                    np.full(9, side * half),
                    wheel + (wheel * 1.25) * np.sin(angles),
                    z + wheel * 1.3 * np.cos(angles),
                ]
            )
            builder.add(sweep(line, np.tile([wheel * 0.42, 0.05], (9, 1)), 8, side=(1, 0, 0)), accent)
        builder.box((0.28, 0.06, 1.8), accent, (side * half, wheel * 0.85, 0))
        builder.ellipsoid((0.12, 0.12, 0.1), (230, 230, 220), (side * 0.45, top * 0.85, hood_front - 0.05))
    add_wheels(rng, builder, [-1.25, 1.2], half + 0.1, wheel, arch=False)
    if rng.random() < 0.6:
        builder.cylinder(wheel * 0.9, 0.14, TYRE, (0, 0.8, -1.68), (np.pi / 2, 0, 0))
    return name


def pickup(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Pick-up truck: cabin and an open bed."""
    u = rng.uniform
    trunk, hood = u(0.56, 0.62), u(0.56, 0.62)
    cabin = (u(0.34, 0.44), u(0.4, 0.46), u(0.6, 0.64), u(0.72, 0.76))
    belt = (
        (0.0, trunk),
        (0.05, trunk * 1.02),
        (0.4, trunk * 1.02),
        (0.74, hood * 1.08),
        (0.95, hood),
        (1.0, hood * 0.8),
    )
    plan = CarPlan(u(4.8, 5.6), u(1.8, 2.0), u(1.7, 1.9), u(0.37, 0.44), belt, cabin, (0.0, 0.5, 1.0))
    name = draw_car(builder, rng, plan)
    rear, front = -plan.length * 0.48, (cabin[0] - 0.52) * plan.length
    level = trunk * plan.height * 1.05
    builder.box((plan.width * 0.78, 0.04, front - rear), DARK, (0, level, (front + rear) / 2))
    for side in (-1, 1):
        builder.box(
            (0.09, 0.2, front - rear),
            shade(DARK, 1.4),
            (side * plan.width * 0.42, level + 0.03, (front + rear) / 2),
        )
    builder.box((plan.width * 0.9, 0.2, 0.08), shade(DARK, 1.4), (0, level + 0.03, rear))
    return name


SUB_TYPES: dict[str, SubType] = {
    "sedan": sedan,
    "hatchback": hatchback,
    "suv": suv,
    "sports car": sports_car,
    "beetle car": beetle,
    "convertible": convertible,
    "vintage car": vintage_car,
    "van": van,
    "bus": bus,
    "pick-up truck": pickup,
    "truck": truck,
}
