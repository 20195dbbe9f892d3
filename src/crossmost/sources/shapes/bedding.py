"""Mattresses, blankets and pillows, head and foot boards."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.legs import chance, choose
from crossmost.sources.shapes.palette import FABRIC, WHITE, pick, shade


def add_bedding(
    b: ShapeBuilder,
    rng: np.random.Generator,
    width: float,
    length: float,
    low: float,
    thick: float,
    pillows: int | None = None,
) -> Color:
    """Mattress, blanket and pillows on a base at height ``low``, head at −z; the blanket's color."""
    _, sheet = pick(rng, WHITE, FABRIC)
    _, cover = pick(rng, FABRIC)
    top = low + thick
    b.cushion((width, thick, length), sheet, (0, low + thick / 2, 0), softness=0.2)
    style = choose(rng, "blanket", "blanket", "spread", "none", "folded", "striped", "checked")
    reach = rng.uniform(0.6, 0.8) if style != "spread" else 0.97
    if style in ("blanket", "spread", "striped"):
        add_blanket(b, rng, cover, width, (length / 2 + 0.02, length / 2 - reach * length), top)
    if style == "blanket" and chance(rng, 0.5):
        edge = length / 2 - reach * length
        b.cushion(
            (width * 1.04, 0.05, 0.2),
            shade(cover, 1.25) if chance(rng, 0.5) else sheet,
            (0, top + 0.025, edge),
            softness=0.5,
        )
    elif style == "folded":
        b.cushion((width * 1.02, 0.08, length * 0.25), cover, (0, top + 0.03, length * 0.3), softness=0.4)
    elif style in ("striped", "checked"):
        _, second = pick(rng, FABRIC, WHITE)
        count = int(rng.integers(3, 9))
        step = reach * length / count
        for stripe in range(count):
            z = length / 2 - (stripe + 0.5) * step
            if style == "striped" and stripe % 2:
                b.box((width * 1.06, 0.012, step), second, (0, top + 0.026, z))
            elif style == "checked":
                across = max(3, round(width / step))
                for column in range(across):
                    tone = cover if (stripe + column) % 2 else second
                    at = ((column + 0.5) * width / across - width / 2, top + 0.012, z)
                    b.box((width / across, 0.024, step), tone, at)
    count = (1 if width < 1.2 else 2) if pillows is None else pillows
    _, pillow = pick(rng, WHITE, WHITE, FABRIC)
    if style == "spread" and chance(rng, 0.5):
        pillow = cover
    for place in range(count):
        x = (place + 0.5) * width / count - width / 2
        size = (min(0.7, width / count * 0.9), rng.uniform(0.1, 0.17), rng.uniform(0.32, 0.45))
        b.cushion(size, pillow, (x, top + 0.05, -length / 2 + 0.26), (rng.uniform(0, 0.3), 0, 0), softness=0.6)
    if chance(rng, 0.2):
        b.cushion(
            (0.4, 0.4, 0.12), pick(rng, FABRIC)[1], (0, top + 0.18, -length / 2 + 0.45), (-0.5, 0, 0), softness=0.6
        )
    return cover


def add_blanket(
    b: ShapeBuilder, rng: np.random.Generator, color: Color, width: float, span: tuple[float, float], top: float
) -> None:
    """Blanket hanging over both sides from z = ``span[0]`` to ``span[1]``."""
    drop = rng.uniform(0.06, min(0.32, top * 0.8))
    half = width / 2 + 0.015
    wave = rng.uniform(0.0, 0.02)
    rows = []
    for z in np.linspace(span[0], span[1], 11):
        ripple = wave * float(np.sin(z * 17))
        xs = [-half - 0.02 - ripple, -half, -half * 0.93, 0, half * 0.93, half, half + 0.02 + ripple]
        ys = [top - drop, top - 0.02, top + 0.02, top + 0.02 + ripple, top + 0.02, top - 0.02, top - drop]
        rows.append([(x, y, z) for x, y in zip(xs, ys, strict=True)])
    b.surface(np.array(rows), color, 0.012)
    if chance(rng, 0.5):
        b.box((width, drop, 0.015), color, (0, top - drop / 2 + 0.01, span[0]))


def add_board(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    width: float,
    height: float,
    z: float,
    style: str,
    low: float,
) -> None:
    """Head or foot board of a style at depth ``z``."""
    post = 0.06
    half = width / 2
    if style in ("panel", "padded", "arched", "scalloped"):
        start = low * 0.5
        if style == "panel":
            b.box((width, height - start, 0.04), color, (0, (height + start) / 2, z))
        elif style == "padded":
            b.cushion((width * 1.03, height - start, 0.11), color, (0, (height + start) / 2, z), softness=0.3)
            if chance(rng, 0.5):
                for x in np.linspace(-half * 0.8, half * 0.8, 6):
                    for share in (0.55, 0.8):
                        b.ball(0.02, shade(color, 0.6), (float(x), height * share, z + 0.055 * (1 if z < 0 else -1)))
        else:
            bumps = 1 if style == "arched" else int(rng.choice([2, 3, 4, 5]))
            rise = height * (0.22 if bumps == 1 else 0.1)
            xs = np.linspace(half, -half, 41)
            crest = height - rise + rise * np.abs(np.sin((xs / width + 0.5) * np.pi * bumps)) ** 0.7
            outline = [(-half, start), (half, start)]
            outline += [(float(x), float(y)) for x, y in zip(xs, crest, strict=True)]
            b.extrude(outline, 0.045, color, (0, 0, z))
        for x in (-half + post / 2, half - post / 2):
            b.box((post, height * 0.75, post), color, (x, height * 0.375, z))
        return
    tip = choose(rng, "ball", "none")
    for x in (-half, half):
        b.box((post, height, post), color, (x, height / 2, z))
        if tip == "ball":
            b.ball(0.045, color, (x, height + 0.03, z))
    b.box((width, 0.07, 0.04), color, (0, height * 0.95, z))
    b.box((width, 0.07, 0.04), color, (0, low + 0.05, z))
    if style == "slats":
        for x in np.linspace(-half, half, int(rng.integers(7, 15)))[1:-1]:
            b.box((0.04, height * 0.95 - low, 0.02), color, (float(x), (height * 0.95 + low) / 2, z))
    else:
        for y in np.linspace(low + 0.15, height * 0.85, int(rng.integers(1, 4))):
            b.box((width, 0.09, 0.025), color, (0, float(y), z))
