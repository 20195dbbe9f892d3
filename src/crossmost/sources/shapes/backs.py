"""Backs of chairs and benches: panels, slats, ladders, spindles, crosses, frames, ovals, curved boards."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.legs import chance, choose

BACK_STYLES = ("panel", "slats", "ladder", "spindles", "cross", "frame", "oval", "curved", "pad")


def chair_back(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    pad_color: Color,
    width: float,
    span: tuple[float, float],
    z: float,
    lean: float,
    thick: float,
    style: str | None = None,
) -> None:
    """Back between the heights of ``span``, whose foot is at depth ``z`` and which leans back ``lean`` m per m."""
    style = choose(rng, *BACK_STYLES) if style is None else style
    low, high = span
    height = high - low
    turn = (-float(np.arctan(lean)), 0.0, 0.0)

    def on(x: float, share: float) -> tuple[float, float, float]:
        return (x, low + share * height, z - lean * share * height)

    half = (width - thick) / 2
    if style in ("panel", "slats", "ladder", "cross", "frame", "pad"):
        for x in (-half, half):
            b.rod(on(x, 0), on(x, 1), thick * 0.5, color, int(rng.choice([4, 10])))
    inner = width - 2 * thick
    if style == "panel":
        start = float(rng.uniform(0.1, 0.4))
        b.box((inner + thick, (0.97 - start) * height, thick * 0.5), color, on(0, (0.97 + start) / 2), turn)
    elif style == "slats":
        top, low_rail = on(0, 0.94), on(0, 0.22)
        rail = float(rng.uniform(0.05, 0.1))
        b.box((width, rail, thick * 0.8), color, top, turn)
        b.box((inner, 0.04, thick * 0.7), color, low_rail, turn)
        count = int(rng.integers(2, 7))
        slat = inner / count * float(rng.uniform(0.3, 0.7))
        for x in (np.arange(count) + 0.5) * inner / count - inner / 2:
            b.box((slat, 0.74 * height, thick * 0.4), color, on(float(x), 0.57), turn)
    elif style == "ladder":
        count = int(rng.integers(2, 6))
        rung = 0.75 * height / count * float(rng.uniform(0.35, 0.8))
        for share in np.linspace(0.3, 0.94, count):
            b.box((inner + thick, rung, thick * 0.5), color, on(0, float(share)), turn)
    elif style == "cross":
        b.box((width, 0.06, thick * 0.8), color, on(0, 0.95), turn)
        b.box((inner, 0.04, thick * 0.7), color, on(0, 0.3), turn)
        b.rod(on(-inner / 2, 0.3), on(inner / 2, 0.93), thick * 0.35, color, 6)
        b.rod(on(inner / 2, 0.3), on(-inner / 2, 0.93), thick * 0.35, color, 6)
    elif style == "frame":
        b.box((width, thick, thick), color, on(0, 0.98), turn)
        b.box((inner, thick, thick), color, on(0, 0.25), turn)
        b.cushion((inner, 0.72 * height, thick * 0.9), pad_color, on(0, 0.62), turn, softness=0.2)
    elif style == "pad":
        start = float(rng.uniform(0.3, 0.65))
        size = (width * 1.02, (1.02 - start) * height, thick * float(rng.uniform(0.9, 2)))
        b.cushion(size, pad_color, on(0, (1 + start) / 2), turn, softness=0.25)
    elif style == "oval":
        for x in (-half * 0.6, half * 0.6):
            b.rod(on(x, 0), on(x, 0.4), thick * 0.45, color)
        middle = on(0, 0.64)
        b.ellipsoid((width * 0.48, height * 0.38, thick * 0.4), color, middle, turn)
        b.ellipsoid((width * 0.4, height * 0.32, thick * 0.6), pad_color, middle, turn)
    elif style == "spindles":
        arched = chance(rng, 0.5)
        angles = np.linspace(np.pi, 0, 9)
        crown = [on(half * float(np.cos(a)), 0.55 + 0.43 * float(np.sin(a))) for a in angles]
        if arched:
            b.tube([on(-half * 0.9, 0), *crown, on(half * 0.9, 0)], thick * 0.4, color)
        else:
            for x in (-half, half):
                b.rod(on(x * 0.9, 0), on(x * 1.1, 1), thick * 0.4, color)
            b.box((width * 1.15, 0.07, thick * 0.7), color, on(0, 0.95), turn)
        count = int(rng.integers(4, 9))
        for x in np.linspace(-half * 0.75, half * 0.75, count):
            share = 0.55 + 0.42 * float(np.sqrt(1 - (x / half) ** 2)) if arched else 0.93
            b.rod(on(float(x) * 0.85, 0), on(float(x), share), thick * 0.2, color, 6)
    else:
        start = float(rng.uniform(0.02, 0.5))
        narrow = float(rng.uniform(0.5, 1.0))
        rows = []
        for share in np.linspace(start, 1, 6):
            bend = width * 0.14
            wide = width / 2 * (narrow + (1 - narrow) * float(np.sin(np.pi * share * 0.75)))
            row = []
            for u in np.linspace(-1, 1, 7):
                x, y, depth = on(u * wide, float(share))
                row.append((x, y, depth + bend * (u * u - 0.4)))
            rows.append(row)
        b.surface(np.array(rows), color, max(thick * 0.4, 0.012))
        if start > 0.12:
            for x in (-half * 0.6, half * 0.6):
                b.rod(on(x, 0), on(x, start + 0.1), thick * 0.4, color)
