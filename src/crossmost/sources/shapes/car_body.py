"""Bodies of passenger cars: a lofted hull, a glazed cabin or an open cockpit, lights and trim."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

from dataclasses import dataclass

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.car_parts import DARK, RED_LIGHT, add_wheels
from crossmost.sources.shapes.palette import GLASS, METAL, PAINT, pick, shade
from crossmost.sources.shapes.solids import Points, join, loft, rounded_rectangle, spline, sweep


@dataclass(frozen=True)
class CarPlan:
    """Proportions of a passenger car, metres; shares run from the tail (0) to the nose (1)."""

    length: float
    width: float
    height: float
    wheel: float
    belt: tuple[tuple[float, float], ...]
    """(share of the length, share of the height) of the body's upper edge from tail to nose."""
    cabin: tuple[float, float, float, float]
    """Shares of the length: rear glass bottom, rear glass top, windscreen top, windscreen bottom."""
    pillars: tuple[float, ...]
    open_top: bool = False


def _section(half: float, low: float, high: float, round_top: float) -> Points:
    """Cross-section of a body (18, 2), counter-clockwise: slightly barrel-shaped flanks and round upper edges."""
    rise = high - low
    right = np.array(
        [
            [half * 0.0, low],
            [half * 0.82, low],
            [half * 0.95, low + rise * 0.12],
            [half, low + rise * 0.4],
            [half * 0.985, low + rise * 0.65],
            [half * (0.96 - 0.1 * round_top), low + rise * 0.86],
            [half * (0.86 - 0.16 * round_top), low + rise * 0.96],
            [half * 0.5, low + rise * 1.0],
            [0, low + rise * (1.0 + 0.03 * round_top)],
        ]
    )
    left = right[-2:0:-1] * [-1, 1]
    return np.vstack([right, left])


def _body(rng: np.random.Generator, builder: ShapeBuilder, plan: CarPlan, color: Color) -> Points:
    """The lower body; returns its upper edge as (z, y) rows from tail to nose."""
    edge = spline(np.asarray(plan.belt), 22)
    z = (edge[:, 0] - 0.5) * plan.length
    y = edge[:, 1] * plan.height
    low = plan.wheel * rng.uniform(0.45, 0.65)
    share = np.clip(edge[:, 0], 0, 1)
    nose, tail = rng.uniform(0.1, 0.22), rng.uniform(0.06, 0.14)
    taper = 1 - nose * np.clip((share - 0.78) / 0.22, 0, 1) ** 2.2 - tail * np.clip((0.16 - share) / 0.16, 0, 1) ** 2
    lift = (
        low
        + plan.wheel
        * 0.5
        * (np.clip((share - 0.93) / 0.07, 0, 1) ** 2 + np.clip((0.06 - share) / 0.06, 0, 1) ** 2)
        * 0.6
    )
    roundness = rng.uniform(0.2, 1.0)
    rings = []
    for station, top, narrow, bottom in zip(z, y, taper, lift, strict=True):
        section = _section(plan.width / 2 * narrow, bottom, max(top, bottom + 0.1), roundness)
        rings.append(np.column_stack([section, np.full(len(section), station)]))
    builder.add(loft(rings), color)
    return np.column_stack([z, y])


def _cabin(rng: np.random.Generator, builder: ShapeBuilder, plan: CarPlan, edge: Points, color: Color) -> None:
    """Glass cabin with a body-colored roof and pillars."""
    _, glass = pick(rng, {"dark glass": (52, 60, 70), "black": (30, 32, 36)}, GLASS)
    rear_low, rear_top, front_top, front_low = ((share - 0.5) * plan.length for share in plan.cabin)
    roof, half = plan.height, plan.width / 2
    tumble = rng.uniform(0.74, 0.86)

    def outline(rear: float, front: float, wide: float, y: float | None) -> Points:
        flat = rounded_rectangle((front - rear) / 2, wide, wide * 0.35)
        at = flat[:, 0] + (front + rear) / 2
        level = np.interp(at, edge[:, 0], edge[:, 1]) - 0.03 if y is None else np.full(len(at), y)
        return np.column_stack([flat[:, 1], level, at])

    low = outline(rear_low, front_low, half * 0.93, None)
    top = outline(rear_top, front_top, half * tumble, roof * 0.965)
    middle = low * 0.45 + top * 0.55
    middle[:, 0] *= 1.03
    builder.add(loft([low, middle, top]), glass)
    crown = outline(rear_top, front_top, half * tumble, roof * 0.96)
    crown_center = crown.mean(0)
    brim = crown_center + (crown - crown_center) * [1.02, 1, 1.02]
    arched = crown_center + (crown - crown_center) * [0.7, 1, 0.8]
    arched[:, 1] = roof
    builder.add(loft([brim, brim + [0, roof * 0.015, 0], arched]), color)
    starts, ends = [], []
    for side in (-1.0, 1.0):
        for share in plan.pillars:
            bottom = np.array([side * half * 0.93, 0, rear_low + (front_low - rear_low) * share])
            bottom[1] = np.interp(bottom[2], edge[:, 0], edge[:, 1]) - 0.02
            upper = np.array([side * half * tumble, roof * 0.97, rear_top + (front_top - rear_top) * share])
            if share in (0.0, 1.0):
                bottom[0], upper[0] = bottom[0] * 0.94, upper[0] * 0.92
            starts.append(bottom)
            ends.append(upper)
    width = plan.length * rng.uniform(0.008, 0.013)
    posts = []
    for first, last in zip(starts, ends, strict=True):
        bulge = (first + last) / 2 + [np.sign(first[0]) * 0.02, 0, 0]
        posts.append(sweep([first, bulge, last], np.tile([width * 0.7, width * 1.6], (3, 1)), 6, side=(1, 0, 0)))
    builder.add(join(posts), color)


def _face(rng: np.random.Generator, builder: ShapeBuilder, plan: CarPlan, edge: Points) -> None:
    """Lights, grille, plates, bumpers, mirrors, door lines and handles."""
    half, nose, tail = plan.width / 2, edge[-1, 0], edge[0, 0]
    nose_y = float(edge[-3, 1])
    tail_y = float(edge[2, 1])
    _, lamp = pick(rng, {"clear": (230, 234, 236), "warm": (240, 226, 180), "gray": (180, 186, 190)})
    size = rng.uniform(0.07, 0.12) * plan.width
    stretch = rng.uniform(0.8, 1.7)
    for side in (-1.0, 1.0):
        builder.ellipsoid(
            (size * stretch, size * 0.75, size * 1.6),
            lamp,
            (side * half * 0.66, nose_y * 0.83, nose - size * 1.3),
        )
        builder.ellipsoid((size * 1.1, size, size), RED_LIGHT, (side * half * 0.7, tail_y * 0.85, tail + size * 0.75))
        front = (plan.cabin[3] - 0.5) * plan.length - 0.05 * plan.length
        level = float(np.interp(front, edge[:, 0], edge[:, 1]))
        builder.ellipsoid(
            (0.11, 0.07, 0.05),
            DARK if rng.random() < 0.5 else shade(lamp, 0.6),
            (side * half * 1.05, level + 0.07, front),
        )
    grille = shade(pick(rng, METAL)[1], 0.6)
    builder.cushion((half * rng.uniform(0.5, 1.0), nose_y * 0.18, 0.06), grille, (0, nose_y * 0.72, nose), softness=0.3)
    if rng.random() < 0.5:
        builder.cushion((half * 1.5, nose_y * 0.14, 0.1), DARK, (0, nose_y * 0.42, nose - 0.02), softness=0.5)
        builder.cushion((half * 1.6, nose_y * 0.14, 0.1), DARK, (0, nose_y * 0.42, tail + 0.02), softness=0.5)
    builder.box((0.5, 0.11, 0.03), (236, 236, 232), (0, nose_y * 0.52, nose + 0.025))
    builder.box((0.5, 0.11, 0.03), (236, 236, 232), (0, tail_y * 0.6, tail - 0.01))


def draw_car(builder: ShapeBuilder, rng: np.random.Generator, plan: CarPlan) -> str:
    name, color = pick(rng, PAINT)
    edge = _body(rng, builder, plan, color)
    if plan.open_top:
        _open_cabin(rng, builder, plan, edge)
    else:
        _cabin(rng, builder, plan, edge, color)
    _face(rng, builder, plan, edge)
    axle = plan.length * rng.uniform(0.29, 0.33)
    offset = plan.length * rng.uniform(-0.01, 0.02)
    add_wheels(rng, builder, [-axle + offset, axle + offset], plan.width / 2, plan.wheel)
    return name


def _open_cabin(rng: np.random.Generator, builder: ShapeBuilder, plan: CarPlan, edge: Points) -> None:
    """Windscreen, seats and a dark cockpit of a convertible."""
    rear, _, top, front = ((share - 0.5) * plan.length for share in plan.cabin)
    half = plan.width / 2
    level = float(np.interp(front, edge[:, 0], edge[:, 1]))
    builder.box((half * 1.5, 0.02, front - rear), DARK, (0, level + 0.015, (front + rear) / 2))
    pane = [
        [-half * 0.8, level - 0.03, front],
        [0, level - 0.03, front + 0.12],
        [half * 0.8, level - 0.03, front],
    ]
    upper = [[-half * 0.68, plan.height, top], [0, plan.height, top + 0.08], [half * 0.68, plan.height, top]]
    builder.surface(np.array([pane, upper]), pick(rng, GLASS)[1], 0.03)
    _, seat = pick(rng, PAINT)
    for side in (-1.0, 1.0):
        for place in (0.2, 0.62):
            z = rear + (front - rear) * place
            builder.cushion((half * 0.6, 0.42, 0.16), seat, (side * half * 0.42, level + 0.12, z), (-0.2, 0, 0))
