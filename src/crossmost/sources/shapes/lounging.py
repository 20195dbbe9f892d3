"""Chairs for lying back or carrying away, and the open arms they share with other chairs."""

from itertools import pairwise

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.legs import (
    cantilever,
    chance,
    choose,
    four_legs,
    one_leg,
    sled,
    star_base,
)
from crossmost.sources.shapes.palette import FABRIC, LEATHER, METAL, PAINT, PLASTIC, WHITE, WICKER, WOOD, pick, shade


def open_arms(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    width: float,
    depth: float,
    seat: float,
    thick: float,
    pad: Color | None = None,
) -> None:
    height = seat + rng.uniform(0.17, 0.25)
    front = depth / 2 - rng.uniform(0.02, 0.12)
    for side in (-1, 1):
        x = side * (width / 2 + thick * 0.4)
        b.rod((x, seat - 0.03, front), (x, height, front), thick * 0.4, color)
        b.box((thick * 1.3, thick * 0.6, front + depth / 2 + 0.04), color, (x, height, (front - depth / 2) / 2))
        if pad is not None:
            b.cushion((thick * 1.6, thick, front + depth / 2), pad, (x, height + thick * 0.4, (front - depth / 2) / 2))


def lounge_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Low leaning chair on bent wood, tubes or a star base, sometimes with an ottoman."""
    name, color = pick(rng, LEATHER, FABRIC)
    _, frame = pick(rng, WOOD, METAL)
    width, depth = rng.uniform(0.58, 0.72), rng.uniform(0.5, 0.62)
    seat, height = rng.uniform(0.32, 0.42), rng.uniform(0.5, 0.75)
    lean, pad = rng.uniform(0.3, 0.6), rng.uniform(0.06, 0.13)
    tilt = 0.15
    base = choose(rng, "bent", "star", "cantilever", "legs", "sled")
    b.cushion((width, pad, depth), color, (0, seat, 0), (-tilt, 0, 0), softness=0.25)
    sections = int(rng.integers(1, 4))
    for part in range(sections):
        up = (part + 0.5) * height / sections + pad * 0.4
        at = (0, seat - 0.06 + up, -depth / 2 - lean * up)
        b.cushion((width, height / sections * 1.1, pad), color, at, (-np.arctan(lean), 0, 0), softness=0.25)
        if chance(rng, 0.5):
            behind = (0, at[1] - 0.01, at[2] - pad * 0.55)
            b.cushion((width * 0.97, height / sections, 0.03), frame, behind, (-np.arctan(lean), 0, 0))
    if base == "star":
        star_base(b, rng, frame, seat - pad / 2, width * 0.45, False)
    elif base == "cantilever":
        cantilever(b, frame, (width * 1.06, depth * 1.1), seat - pad / 3, 0.014)
    elif base == "sled":
        sled(b, frame, (width * 1.02, depth * 1.1), seat - pad / 3, 0.014)
    elif base == "legs":
        four_legs(b, rng, frame, (width, depth), seat - pad / 2, 0.04, "splayed")
    else:
        for side in (-width / 2 - 0.03, width / 2 + 0.03):
            path = [(0.2, -0.55), (0.2, 0.5), (0.6, 0.55), (0.62, 0.3), (0.55, -0.45), (0.03, -0.55), (0.03, 0.6)]
            points = [(side, y * 0.95, z * depth) for y, z in path[2:]]
            for start, end in pairwise(points):
                b.tube([start, end], 0.02, frame, 6)
            b.rod(points[-1], points[0], 0.02, frame, 6)
        b.box((width, 0.04, 0.04), frame, (0, seat - pad / 2 - 0.02, depth * 0.3))
    if chance(rng, 0.35):
        front = depth + rng.uniform(0.1, 0.25)
        b.cushion((width * 0.9, pad, depth * 0.8), color, (0, seat - 0.03, front))
        for sign in (-1, 1):
            for face in (-1, 1):
                foot = (sign * width * 0.35, 0, front + face * depth * 0.3)
                one_leg(b, "round", frame, (foot[0], seat - 0.05, foot[2]), foot, 0.03)
    if base in ("star", "cantilever", "legs", "sled") and chance(rng, 0.5):
        open_arms(b, rng, frame, width, depth, seat, 0.045, color)
    return name


def deck_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Sling of striped canvas in a folding wooden frame."""
    name, color = pick(rng, FABRIC)
    _, second = pick(rng, WHITE, FABRIC)
    _, frame = pick(rng, WOOD, METAL)
    width, length = rng.uniform(0.5, 0.62), rng.uniform(1.1, 1.3)
    top = (rng.uniform(0.8, 0.95), -length / 2)
    front = (rng.uniform(0.3, 0.42), length * 0.42)
    for x in (-width / 2, width / 2):
        b.rod((x, top[0], top[1]), (x, 0.02, length * 0.45), 0.018, frame, 4)
        b.rod((x * 0.9, front[0], front[1]), (x * 0.9, 0.02, -length * 0.45), 0.018, frame, 4)
        b.rod((x * 0.95, top[0] * 0.62, top[1] * 0.5), (x * 0.95, 0.02, -length * 0.45), 0.014, frame, 4)
    for y, z in (top, front, (0.03, length * 0.44), (0.03, -length * 0.44)):
        b.rod((-width / 2, y, z), (width / 2, y, z), 0.016, frame, 6)
    steps = np.linspace(0, 1, 9)
    sag = rng.uniform(0.1, 0.2)
    ys = front[0] + (top[0] - front[0]) * steps - sag * np.sin(np.pi * steps) - 0.12 * np.sin(np.pi * steps) ** 2
    zs = front[1] + (top[1] - front[1]) * steps
    stripes = int(rng.choice([1, 5, 7, 9]))
    edges = np.linspace(-width * 0.43, width * 0.43, stripes + 1)
    for stripe in range(stripes):
        grid = [[(x, y, z) for x in (edges[stripe], edges[stripe + 1])] for y, z in zip(ys, zs, strict=True)]
        b.surface(np.array(grid), color if stripe % 2 == 0 else second, 0.008)
    return name


def lounger_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Long beach or relax chair: seat, raised back and leg rest in one line."""
    name, color = pick(rng, FABRIC, WOOD, WHITE, LEATHER)
    _, frame = pick(rng, METAL, WOOD)
    width, length, seat = rng.uniform(0.52, 0.7), rng.uniform(1.1, 1.4), rng.uniform(0.25, 0.4)
    back, angle = rng.uniform(0.6, 0.8), rng.uniform(0.4, 1.1)
    curvy = chance(rng, 0.45)
    knee = rng.uniform(0.1, 0.2) if curvy else 0.0
    line = [(seat - knee * 0.6, length / 2), (seat + knee, length * 0.08), (seat - knee * 0.3, -length / 2)]
    line.append((line[2][0] + back * float(np.sin(angle)), line[2][1] - back * float(np.cos(angle))))
    places = np.linspace(0, 3, 31)
    ys = np.interp(places, range(4), [p[0] for p in line])
    zs = np.interp(places, range(4), [p[1] for p in line])
    if chance(rng, 0.4):
        for y0, y1, z0, z1 in zip(ys[:-1], ys[1:], zs[:-1], zs[1:], strict=True):
            turn = (float(-np.arctan2(y1 - y0, z1 - z0)), 0, 0)
            b.box(
                (width, 0.02, 0.75 * float(np.hypot(y1 - y0, z1 - z0))), color, (0, (y0 + y1) / 2, (z0 + z1) / 2), turn
            )
    else:
        grid = np.array([[(x, y, z) for x in (-width / 2, width / 2)] for y, z in zip(ys, zs, strict=True)])
        b.surface(grid, color, rng.uniform(0.02, 0.09))
        if chance(rng, 0.4):
            b.cylinder(0.06, width * 0.8, shade(color, 0.8), (0, ys[-1] + 0.02, zs[-1] + 0.08), (0, 0, np.pi / 2))
    for x in (-width / 2, width / 2):
        b.tube([(x, float(y), float(z)) for y, z in zip(ys[::10], zs[::10], strict=True)], 0.018, frame)
    feet = choose(rng, "legs", "cradle", "sled")
    for z in (length * 0.38, -length * 0.42):
        b.rod((-width / 2, seat, z), (width / 2, seat, z), 0.015, frame, 6)
        for x in (-width / 2, width / 2):
            if feet == "cradle":
                b.rod((x, seat, z), (x * 0.7, 0, z * 0.3), 0.018, frame, 6)
            else:
                b.rod((x, seat, z), (x, 0, z), 0.018, frame, 6)
    if feet != "legs":
        for x in (-width * 0.4, width * 0.4):
            b.rod((x, 0.015, -length * 0.4), (x, 0.015, length * 0.4), 0.015, frame, 6)
    elif chance(rng, 0.4):
        b.cylinder(0.09, width * 1.1, (50, 50, 52), (0, 0.09, -length * 0.42), (0, 0, np.pi / 2))
    return name


def folding_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Crossed legs, thin seat, with or without a back."""
    name, color = pick(rng, PAINT, PLASTIC, FABRIC, WOOD)
    _, frame = pick(rng, METAL, METAL, WOOD)
    width, depth, seat = rng.uniform(0.36, 0.48), rng.uniform(0.34, 0.44), rng.uniform(0.42, 0.48)
    bar = rng.uniform(0.009, 0.016)
    backless = chance(rng, 0.25)
    top = rng.uniform(0.75, 0.9)
    for x in (-width / 2, width / 2):
        b.rod((x * 0.92, seat, depth / 2), (x * 0.92, 0, -depth * 0.55), bar, frame)
        if backless:
            b.rod((x, seat, -depth / 2), (x, 0, depth * 0.55), bar, frame)
        else:
            b.tube([(x, 0, depth * 0.6), (x, seat, -depth * 0.3), (x, top, -depth * 0.6)], bar, frame)
    for y, z in ((0.08, -depth * 0.45), (0.06, depth * 0.52)):
        b.rod((-width / 2, y, z), (width / 2, y, z), bar * 0.8, frame, 6)
    if backless:
        steps = np.linspace(-depth / 2, depth / 2, 6)
        sag = rng.uniform(0, 0.07)
        grid = [[(x, seat - sag * np.cos(np.pi * z / depth), z) for x in (-width / 2, width / 2)] for z in steps]
        b.surface(np.array(grid), color, 0.012)
        return name
    slats = int(rng.choice([1, 1, 5, 7]))
    step = depth / slats
    for slat in range(slats):
        z = -depth / 2 + (slat + 0.5) * step
        b.box((width, 0.02, step * (1.0 if slats == 1 else 0.7)), color, (0, seat, z))
    rows = int(rng.integers(1, 4))
    for row in range(rows):
        y = top - 0.06 - row * 0.09
        z = -depth * 0.3 - (y - seat) / (top - seat) * depth * 0.3
        b.box((width, 0.1 if rows == 1 else 0.055, 0.015), color, (0, y, z), (-0.25, 0, 0))
    return name


def cantilever_chair(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Steel-tube chair without back legs."""
    name, color = pick(rng, LEATHER, FABRIC, WICKER, WOOD)
    _, frame = pick(rng, METAL)
    width, depth, seat = rng.uniform(0.46, 0.62), rng.uniform(0.45, 0.55), rng.uniform(0.42, 0.46)
    top, bar = rng.uniform(0.76, 0.95), rng.uniform(0.011, 0.02)
    cantilever(b, frame, (width, depth), seat, bar)
    pad = rng.uniform(0.015, 0.08)
    b.cushion((width * 0.95, pad, depth * 0.92), color, (0, seat + pad / 3, 0), softness=0.2)
    lean = rng.uniform(0.08, 0.25)
    for x in (-width / 2, width / 2):
        b.rod((x, seat, -depth / 2), (x, top, -depth / 2 - lean * (top - seat)), bar, frame)
        if chance(rng, 0.5):
            b.tube(
                [(x, seat, depth / 2), (x, seat + 0.2, depth * 0.4), (x, seat + 0.21, -depth / 2 - 0.03)], bar, frame
            )
    height = (top - seat) * rng.uniform(0.5, 0.9)
    at = (0, top - height / 2, -depth / 2 - lean * (top - seat - height / 2))
    b.cushion((width * 0.96, height, pad), color, at, (-lean, 0, 0), softness=0.2)
    return name
