"""Cups, mugs and glasses."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder, SubType
from crossmost.sources.shapes.palette import FABRIC, GLASS, METAL, PAINT, PLASTIC, WHITE, pick, shade
from crossmost.sources.shapes.solids import Points, ring_points, spline, sweep, vessel

LIQUIDS: dict[str, Color] = {
    "coffee": (62, 38, 24),
    "tea": (150, 84, 30),
    "milk coffee": (150, 110, 76),
    "beer": (222, 160, 48),
    "wine": (110, 18, 36),
    "juice": (236, 150, 40),
    "water": (176, 204, 220),
}


def _liquid(rng: np.random.Generator, builder: ShapeBuilder, radius: float, y: float, *names: str) -> None:
    name = str(rng.choice(names))
    builder.cylinder(radius, 0.002, LIQUIDS[name], (0, y, 0), sections=24)


def _handle(
    rng: np.random.Generator, builder: ShapeBuilder, radius: float, low: float, high: float, color: Color
) -> None:
    """A handle on +x between two heights; ``radius`` is the wall's at the handle."""
    reach = (high - low) * rng.uniform(0.45, 0.95)
    style = int(rng.integers(3))
    inner = radius * 0.93
    if style == 0:
        points = [
            [inner, high],
            [radius + reach, high - 0.1 * (high - low)],
            [radius + reach * 0.8, low],
            [inner, low],
        ]
    elif style == 1:
        middle = (low + high) / 2
        points = [[inner, high], [radius + reach * 0.7, high], [radius + reach, middle], [inner, low]]
    else:
        points = [[inner, high], [radius + reach, high], [radius + reach, low], [inner, low]]
    if style == 2:
        soft = 0.18 * reach
        corners = np.asarray(points, dtype=float)
        path = np.array([corners[0], corners[1] - [soft, 0], corners[1] - [0, soft], corners[2] + [0, soft]])
        path = np.vstack([path, corners[2] - [soft, 0], corners[3]])
    else:
        path = spline(points, 12)
    thick = (high - low) * rng.uniform(0.06, 0.12)
    builder.add(
        sweep(
            np.column_stack([path, np.zeros(len(path))]),
            np.tile([thick * rng.uniform(0.8, 1.8), thick], (len(path), 1)),
            side=(0, 0, 1),
        ),
        color,
    )


def _saucer(rng: np.random.Generator, builder: ShapeBuilder, radius: float, color: Color) -> float:
    rise = radius * rng.uniform(0.08, 0.2)
    builder.revolve(
        vessel([[radius * 0.5, 0], [radius * 0.62, 0], [radius * 0.9, rise * 0.6], [radius, rise]], 0.004),
        color,
        sections=28,
    )
    return 0.005


def _decor(rng: np.random.Generator, builder: ShapeBuilder, profile: Points, base: float) -> None:
    """Nothing, a band around the wall or dots on it."""
    kind = int(rng.integers(4))
    if kind < 2 or len(profile) < 3:
        return
    _, color = pick(rng, PLASTIC, FABRIC)
    height = profile[-1, 1]
    share = rng.uniform(0.3, 0.8)
    if kind == 2:
        low, high = height * share, height * min(0.97, share + rng.uniform(0.05, 0.3))
        levels = np.linspace(low, high, 5)
        radii = np.interp(levels, profile[:, 1], profile[:, 0]) * 1.012
        band = np.column_stack([radii, levels + base])
        builder.revolve(np.vstack([band, np.column_stack([radii - 0.002, levels + base])[::-1]]), color, sections=28)
        return
    level = height * rng.uniform(0.35, 0.65)
    radius = float(np.interp(level, profile[:, 1], profile[:, 0]))
    size = radius * rng.uniform(0.1, 0.2)
    for point in ring_points((0, level + base, 0), radius * 0.99, int(rng.integers(5, 9))):
        builder.ellipsoid((size, size, size), color, point)


def _bowl(rng: np.random.Generator, radius: float, height: float) -> Points:
    """Outside of a rounded cup from its foot to its rim."""
    foot = radius * rng.uniform(0.4, 0.65)
    belly = radius * rng.uniform(0.82, 1.04)
    lip = radius * rng.uniform(0.95, 1.12)
    curve = spline([[foot, 0], [belly * 0.93, height * 0.22], [belly, height * 0.5], [lip, height]], 12)
    curve[:, 1] = np.maximum.accumulate(curve[:, 1])
    return curve


def _round_cup(builder: ShapeBuilder, rng: np.random.Generator, saucer: bool, wide: float) -> str:
    name, color = pick(rng, WHITE, WHITE, PAINT, PLASTIC)
    radius = rng.uniform(0.035, 0.05) * wide
    height = rng.uniform(0.05, 0.075)
    base = 0.0
    if saucer:
        plate_color = color if rng.random() < 0.7 else pick(rng, WHITE, PAINT)[1]
        base = _saucer(rng, builder, radius * rng.uniform(1.6, 2.2), plate_color)
    profile = _bowl(rng, radius, height)
    builder.revolve(vessel(profile, 0.003), color, (0, base, 0), sections=28)
    if rng.random() < 0.5:
        builder.cylinder(profile[0, 0] * 1.05, 0.006, color, (0, base + 0.002, 0), sections=24)
    level = rng.uniform(0.6, 0.92) * height
    if rng.random() < 0.7:
        _liquid(
            rng,
            builder,
            float(np.interp(level, profile[:, 1], profile[:, 0])) - 0.003,
            base + level,
            *LIQUIDS,
        )
    low, high = height * rng.uniform(0.2, 0.35), height * rng.uniform(0.75, 0.92)
    _handle(rng, builder, float(np.interp(low, profile[:, 1], profile[:, 0])), base + low, base + high, color)
    _decor(rng, builder, profile, base)
    if saucer and rng.random() < 0.25:
        _, metal = pick(rng, METAL)
        builder.rod((-radius, base + 0.008, radius * 0.9), (radius * 1.3, base + 0.012, radius * 1.3), 0.0015, metal)
        builder.ellipsoid((0.011, 0.003, 0.007), metal, (-radius, base + 0.008, radius * 0.9))
    return name


def coffee_cup(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Small rounded cup with a handle, on a saucer more often than not."""
    return _round_cup(builder, rng, bool(rng.random() < 0.7), 1.0)


def tea_cup(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Wide cup with a saucer."""
    return _round_cup(builder, rng, bool(rng.random() < 0.8), rng.uniform(1.1, 1.4))


def mug(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Straight mug with one handle."""
    name, color = pick(rng, PLASTIC, PAINT, WHITE, METAL)
    radius, height = rng.uniform(0.036, 0.048), rng.uniform(0.075, 0.12)
    waist = rng.uniform(0.9, 1.05)
    profile = spline(
        [
            [radius * rng.uniform(0.85, 1.0), 0],
            [radius, height * 0.06],
            [radius * waist, height * 0.5],
            [radius * rng.uniform(0.97, 1.05), height],
        ],
        12,
    )
    inside = color if rng.random() < 0.6 else pick(rng, WHITE, PLASTIC)[1]
    builder.revolve(vessel(profile, 0.0035), color, sections=28)
    if inside != color:
        builder.torus(radius, 0.003, inside, (0, height, 0), (np.pi / 2, 0, 0))
    if rng.random() < 0.4:
        _liquid(rng, builder, radius * 0.9, height * rng.uniform(0.7, 0.9), "coffee", "tea", "milk coffee")
    _handle(rng, builder, radius, height * rng.uniform(0.12, 0.28), height * rng.uniform(0.72, 0.92), color)
    _decor(rng, builder, profile, 0.0)
    return name


def paper_cup(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Take-away cup, usually with a lid and a sleeve."""
    name, color = pick(rng, WHITE, FABRIC, PLASTIC)
    bottom, height = rng.uniform(0.026, 0.034), rng.uniform(0.085, 0.15)
    top = bottom * rng.uniform(1.25, 1.5)
    builder.revolve(vessel([[bottom, 0], [top, height]], 0.002), color, sections=28)
    if rng.random() < 0.6:
        sleeve_name, sleeve = pick(rng, {"beige": (206, 178, 136), "brown": (150, 104, 66)}, FABRIC)
        low, high = rng.uniform(0.15, 0.3), rng.uniform(0.6, 0.8)
        ends = [bottom + (top - bottom) * low + 0.0015, bottom + (top - bottom) * high + 0.0015]
        builder.cylinder(
            ends[0], (high - low) * height, sleeve, (0, (low + high) / 2 * height, 0), (0, 0, 0), ends[1], 28
        )
        name = sleeve_name if rng.random() < 0.3 else name
    if rng.random() < 0.75:
        _, lid = pick(rng, WHITE, PLASTIC)
        builder.revolve(
            [
                [0, height - 0.003],
                [top * 1.06, height - 0.003],
                [top * 1.06, height + 0.003],
                [top * 0.97, height + 0.005],
                [top * 0.9, height + 0.014],
                [top * 0.84, height + 0.014],
                [top * 0.8, height + 0.008],
                [0, height + 0.008],
            ],
            lid,
            sections=28,
        )
        if rng.random() < 0.2:
            builder.rod((0, height, 0), (top * 0.4, height * 1.5, 0), 0.003, pick(rng, PLASTIC)[1])
    else:
        _liquid(rng, builder, top * 0.92, height * 0.85, "coffee", "milk coffee", "juice", "water")
    return name


def plastic_cup(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Party cup: a ribbed cone with a rolled rim."""
    name, color = pick(rng, PLASTIC, WHITE)
    bottom, height = rng.uniform(0.026, 0.036), rng.uniform(0.08, 0.13)
    top = bottom * rng.uniform(1.25, 1.6)
    levels = np.linspace(0, 1, 13)
    radii = bottom + (top - bottom) * levels
    radii[1:-1:2] *= 1 - rng.uniform(0, 0.025)
    builder.revolve(vessel(np.column_stack([radii, levels * height]), 0.002), color, sections=28)
    rim = color if rng.random() < 0.6 else pick(rng, WHITE)[1]
    builder.torus(top, 0.0025, rim, (0, height, 0), (np.pi / 2, 0, 0))
    return name


def drinking_glass(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tumbler: a plain or faceted cylinder or cone, perhaps filled."""
    name, color = pick(rng, GLASS, GLASS, WHITE)
    radius, height = rng.uniform(0.028, 0.042), rng.uniform(0.075, 0.17)
    flare = rng.uniform(0.95, 1.35)
    sections = int(rng.choice([8, 12, 28, 28, 28]))
    profile = spline(
        [
            [radius, 0],
            [radius * (1 + flare) / 2 * rng.uniform(0.93, 1.07), height / 2],
            [radius * flare, height],
        ],
        8,
    )
    builder.revolve(vessel(profile, rng.uniform(0.002, 0.004)), color, sections=sections)
    if rng.random() < 0.5:
        level = rng.uniform(0.3, 0.8)
        inside = float(np.interp(level * height, profile[:, 1], profile[:, 0]))
        liquid = LIQUIDS[str(rng.choice(["water", "juice", "beer"]))]
        builder.cylinder(
            radius * 1.004,
            level * height,
            liquid,
            (0, level * height / 2, 0),
            (0, 0, 0),
            inside * 1.004,
            sections,
        )
    return name


def _stemmed(builder: ShapeBuilder, rng: np.random.Generator, bowl: Points, stem: float) -> str:
    """A glass on a stem: ``bowl`` is the outside of the bowl, starting at its lowest point near the axis."""
    name, color = pick(rng, GLASS, WHITE)
    foot = float(bowl[:, 0].max()) * rng.uniform(0.75, 1.0)
    thin = rng.uniform(0.0025, 0.005)
    builder.revolve(
        [
            [0, 0],
            [foot, 0],
            [foot, 0.002],
            [foot * 0.35, 0.006],
            [thin, 0.02],
            [thin, stem * 0.9],
            [thin * 1.6, stem + 0.004],
        ],
        color,
        sections=24,
    )
    builder.revolve(vessel(bowl + [0, stem], 0.0022), color, sections=28)
    if rng.random() < 0.5:
        filled = int(rng.integers(len(bowl) // 3, len(bowl) - 2))
        liquid = shade(LIQUIDS[str(rng.choice(["wine", "water", "beer", "juice"]))], rng.uniform(0.9, 1.2))
        part = bowl[: filled + 1] * [1.006, 1.0] + [0, stem]
        builder.revolve(np.vstack([part, [0, part[-1, 1]]]), liquid, sections=28)
    return name


def wine_glass(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Rounded bowl on a stem."""
    radius, height = rng.uniform(0.03, 0.045), rng.uniform(0.08, 0.115)
    bowl = spline(
        [
            [0.003, 0],
            [radius * 0.8, height * 0.2],
            [radius, height * 0.5],
            [radius * rng.uniform(0.7, 0.98), height],
        ],
        12,
    )
    return _stemmed(builder, rng, bowl, rng.uniform(0.05, 0.11))


def champagne_glass(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Narrow flute on a stem."""
    radius, height = rng.uniform(0.02, 0.028), rng.uniform(0.11, 0.16)
    bowl = spline(
        [
            [0.003, 0],
            [radius * 0.7, height * 0.25],
            [radius, height * 0.6],
            [radius * rng.uniform(0.8, 1.1), height],
        ],
        12,
    )
    return _stemmed(builder, rng, bowl, rng.uniform(0.06, 0.1))


def cocktail_glass(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Conical or saucer-shaped bowl on a stem."""
    radius, height = rng.uniform(0.045, 0.06), rng.uniform(0.04, 0.075)
    bend = rng.uniform(0.45, 0.85)
    bowl = spline([[0.003, 0], [radius * bend, height * 0.5], [radius, height]], 10)
    return _stemmed(builder, rng, bowl, rng.uniform(0.07, 0.12))


def beer_mug(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Heavy glass mug with a big handle, perhaps full of beer."""
    name, color = pick(rng, GLASS, WHITE)
    radius, height = rng.uniform(0.038, 0.05), rng.uniform(0.11, 0.16)
    sections = int(rng.choice([10, 12, 28]))
    top = radius * rng.uniform(0.88, 1.08)
    builder.revolve(
        vessel([[radius, 0], [radius * 1.02, height * 0.08], [top, height]], 0.006), color, sections=sections
    )
    _handle(
        rng,
        builder,
        (radius + top) / 2,
        height * rng.uniform(0.12, 0.25),
        height * rng.uniform(0.75, 0.9),
        color,
    )
    if rng.random() < 0.55:
        builder.cylinder(
            radius * 1.04,
            height * 0.75,
            LIQUIDS["beer"],
            (0, height * 0.45, 0),
            (0, 0, 0),
            top * 1.02,
            sections,
        )
        foam = [[0, height * share, 0] for share in (0.825, 1.0, 1.05)]
        builder.add(sweep(foam, [top * 1.02, top * 1.01, top * 0.7], 20), (246, 240, 226))
    return name


SUB_TYPES: dict[str, SubType] = {
    "coffee cup": coffee_cup,
    "tea cup": tea_cup,
    "mug": mug,
    "paper coffee cup": paper_cup,
    "plastic cup": plastic_cup,
    "drinking glass": drinking_glass,
    "wine glass": wine_glass,
    "champagne glass": champagne_glass,
    "cocktail glass": cocktail_glass,
    "beer mug": beer_mug,
}
