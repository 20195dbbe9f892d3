"""What furniture stands on: legs, pedestals, star bases, sleds; shared by several classes."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder

LEG_STYLES = ("square", "round", "tapered", "splayed", "turned", "hairpin", "square tapered")
SIGNS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with the given probability."""
    return bool(rng.random() < probability)


def choose(rng: np.random.Generator, *options: str) -> str:
    """One of the options, uniformly."""
    return options[int(rng.integers(len(options)))]


def four_legs(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    span: tuple[float, float],
    height: float,
    thickness: float,
    style: str | None = None,
    center: tuple[float, float] = (0.0, 0.0),
) -> str:
    """Four legs from the floor to ``height`` at the corners of ``span`` = (x, z) around ``center``; the style used."""
    style = choose(rng, *LEG_STYLES) if style is None else style
    splay = height * float(rng.uniform(0.08, 0.25)) if style in ("splayed", "hairpin") else 0.0
    for sign_x, sign_z in SIGNS:
        x = center[0] + sign_x * (span[0] - thickness) / 2
        z = center[1] + sign_z * (span[1] - thickness) / 2
        foot = (x + sign_x * splay * 0.6, 0.0, z + sign_z * splay * 0.6)
        one_leg(b, style, color, (x, height, z), foot, thickness)
    return style


def one_leg(
    b: ShapeBuilder,
    style: str,
    color: Color,
    top: tuple[float, float, float],
    foot: tuple[float, float, float],
    thickness: float,
) -> None:
    """One leg of a style of ``LEG_STYLES`` from ``foot`` up to ``top``."""
    height = top[1] - foot[1]
    middle = (top[0], (top[1] + foot[1]) / 2, top[2])
    radius = thickness / 2
    if style == "square":
        b.box((thickness, height, thickness), color, middle)
    elif style == "round":
        b.cylinder(radius, height, color, middle, sections=12)
    elif style == "tapered":
        b.cylinder(radius * 0.5, height, color, middle, top_radius=radius, sections=12)
    elif style == "square tapered":
        b.cylinder(radius * 0.75, height, color, middle, (0, np.pi / 4, 0), top_radius=radius * 1.4, sections=4)
    elif style == "splayed":
        b.taper(foot, top, radius * 0.6, radius, color)
    elif style == "hairpin":
        for shift in (-1.2, 1.2):
            b.rod(foot, (top[0] + shift * thickness, top[1], top[2]), max(radius * 0.3, 0.006), color, 6)
    else:
        rows = [(0, 0), (0.6, 0), (0.6, 0.04), (1.0, 0.12), (0.55, 0.2), (0.95, 0.55), (0.6, 0.68), (1.05, 0.72)]
        rows += [(0.7, 0.76), (1.0, 0.8), (1.0, 1.0), (0, 1.0)]
        profile = [(r * radius, (y - 0.5) * height) for r, y in rows]
        b.revolve(profile, color, middle, sections=10)


def stretchers(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    span: tuple[float, float],
    height: float,
    thickness: float,
) -> None:
    """Bars between four straight legs at ``height``: a ring, an H or an X."""
    x, z = span[0] / 2, span[1] / 2
    layout = choose(rng, "ring", "h", "x")
    bar = thickness * 0.35
    if layout == "ring":
        pairs = [((-x, -z), (x, -z)), ((x, -z), (x, z)), ((x, z), (-x, z)), ((-x, z), (-x, -z))]
    elif layout == "h":
        pairs = [((-x, -z), (-x, z)), ((x, -z), (x, z)), ((-x, 0.0), (x, 0.0))]
    else:
        pairs = [((-x, -z), (x, z)), ((x, -z), (-x, z))]
    for start, end in pairs:
        b.rod((start[0], height, start[1]), (end[0], height, end[1]), bar, color, 8)


def star_base(
    b: ShapeBuilder, rng: np.random.Generator, color: Color, height: float, radius: float, casters: bool
) -> None:
    """Column on four or five spokes, with casters or plain feet, up to ``height``."""
    spokes = int(rng.choice([4, 5, 5]))
    wheel = 0.028 if casters else 0.008
    hub = wheel * 2 + 0.05 + float(rng.uniform(0, 0.04))
    for spoke in range(spokes):
        angle = 2 * np.pi * spoke / spokes + 0.3
        x, z = radius * float(np.cos(angle)), radius * float(np.sin(angle))
        b.taper((0, hub, 0), (x, wheel * 2 + 0.012, z), 0.026, 0.015, color, 6)
        if casters:
            b.cylinder(wheel, 0.04, (28, 28, 30), (x, wheel, z), (np.pi / 2, angle, 0), sections=10)
        else:
            b.cylinder(0.018, wheel * 2 + 0.01, color, (x, wheel + 0.005, z), sections=8)
    b.cylinder(0.028, (height - hub) * 0.55, (40, 40, 42) if casters else color, (0, hub + (height - hub) * 0.275, 0))
    b.cylinder(0.018, height - hub, color, (0, (height + hub) / 2, 0), sections=10)


def pedestal(b: ShapeBuilder, rng: np.random.Generator, color: Color, height: float, radius: float) -> None:
    """One central foot of base radius ``radius``: a trumpet, a disc, turned wood on claws, a cross or a block."""
    style = choose(rng, "trumpet", "disc", "claws", "cross", "block")
    column = max(0.02, radius * float(rng.uniform(0.07, 0.16)))
    if style == "trumpet":
        shape = [(0, 0), (1, 0), (1, 0.015), (0.55, 0.06), (0.2, 0.2), (0.12, 0.5), (0.18, 0.85), (0.4, 1), (0, 1)]
        b.revolve([(r * radius, y * height) for r, y in shape], color)
    elif style == "disc":
        b.cylinder(radius, 0.02, color, (0, 0.01, 0), sections=24)
        b.cylinder(column, height - 0.02, color, (0, height / 2 + 0.01, 0))
    elif style == "block":
        b.box((radius * 1.5, 0.04, radius * 1.5), color, (0, 0.02, 0))
        b.box((column * 3, height - 0.04, column * 3), color, (0, height / 2 + 0.02, 0))
    elif style == "cross":
        for turn in (0.0, np.pi / 2):
            b.box((radius * 2, 0.035, 0.05), color, (0, 0.0175, 0), (0, turn + np.pi / 4, 0))
        b.cylinder(column, height - 0.03, color, (0, height / 2 + 0.015, 0))
    else:
        shape = [(0, 0.12), (1.4, 0.15), (1.8, 0.3), (1.0, 0.45), (1.5, 0.6), (2.1, 0.7), (1.2, 0.9), (2.4, 1), (0, 1)]
        b.revolve([(r * column, y * height) for r, y in shape], color)
        for spoke in range(int(rng.choice([3, 4]))):
            angle = 2 * np.pi * spoke / 4 + np.pi / 4
            cos, sin = float(np.cos(angle)), float(np.sin(angle))
            knee = (radius * 0.5 * cos, height * 0.2, radius * 0.5 * sin)
            b.taper((0, height * 0.28, 0), knee, 0.04, 0.035, color, 8)
            b.taper(knee, (radius * cos, 0.02, radius * sin), 0.035, 0.02, color, 8)


def sled(b: ShapeBuilder, color: Color, span: tuple[float, float], height: float, radius: float) -> None:
    """Two bent-tube runners at the sides carrying a seat at ``height``."""
    x, z = span[0] / 2, span[1] / 2
    for side in (-x, x):
        path = [(side * 0.85, height, -z * 0.8), (side, radius, -z), (side, radius, z), (side * 0.85, height, z * 0.8)]
        b.tube(path, radius, color)


def cantilever(b: ShapeBuilder, color: Color, span: tuple[float, float], height: float, radius: float) -> None:
    """Tube frame open at the back: front uprights joined to a floor loop."""
    x, z = span[0] / 2, span[1] / 2
    path = [(-x, height, -z), (-x, height, z), (-x, radius, z), (-x, radius, -z)]
    path += [(x, radius, -z), (x, radius, z), (x, height, z), (x, height, -z)]
    b.tube(path, radius, color)
