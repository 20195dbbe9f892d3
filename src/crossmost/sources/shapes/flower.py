"""Cut flowers in vases, and orchids."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.foliage import blades, blob
from crossmost.sources.shapes.palette import (
    FLOWER,
    pick,
    shade,
)
from crossmost.sources.shapes.plant_parts import CIRCLE, GREEN, add_pot, add_vase, leaf_fan
from crossmost.sources.shapes.solids import (
    Points,
    join,
    spline,
    sweep,
    vessel,
)


def _stems(
    builder: ShapeBuilder,
    rng: np.random.Generator,
    count: int,
    low: float,
    mouth: float,
    high: float,
    spread: float,
    color: Color,
) -> Points:
    """Curved flower stems from a vase's mouth; returns their tips (count, 3)."""
    tips, lines = [], []
    for _ in range(count):
        turn, out = rng.uniform(0, CIRCLE), spread * np.sqrt(rng.uniform(0, 1))
        side = np.array([np.sin(turn), 0, np.cos(turn)])
        tip = side * out + [0, mouth + high * rng.uniform(0.65, 1.0) * (1 - 0.3 * out / max(spread, 1e-6)), 0]
        lines.append(
            sweep(
                spline(
                    [
                        side * -0.01 + [0, low, 0],
                        side * out * 0.35 + [0, mouth + (tip[1] - mouth) * 0.45, 0],
                        tip,
                    ],
                    6,
                ),
                high * 0.012,
                5,
            )
        )
        tips.append(tip)
    builder.add(join(lines), color)
    return np.array(tips)


def _bloom(
    builder: ShapeBuilder, rng: np.random.Generator, kind: str, place: Points, size: float, color: Color
) -> None:
    """One flower head."""
    if kind == "tulip":
        outline = spline(
            [
                [size * 0.1, -size * 0.6],
                [size * 0.5, -size * 0.2],
                [size * 0.45, size * 0.4],
                [size * 0.3, size * 0.8],
            ],
            7,
        )
        builder.revolve(
            vessel(outline, size * 0.05), color, tuple(place), (rng.normal(0, 0.3), 0, rng.normal(0, 0.3)), 9
        )
    elif kind == "ball":
        builder.add(blob(rng, place, (size * 0.5, size * 0.45, size * 0.5), 0.15), color)
    else:
        petals = 6 if kind == "lily" else int(rng.integers(7, 12))
        turn = np.linspace(0, CIRCLE, petals, endpoint=False)
        rise = rng.uniform(0.2, 1.0)
        mesh = blades(
            np.tile(np.zeros(3), (petals, 1)),
            turn,
            rise,
            size * 0.75,
            size * (0.42 if kind == "lily" else 0.3),
            0.9,
            "leaf",
            3,
            0.2,
        )
        builder.add(mesh, color, tuple(place), (rng.normal(0.5, 0.5), rng.uniform(0, 6), rng.normal(0, 0.5)))
        builder.ball(size * 0.13, (230, 196, 70), tuple(place))


def _bouquet(builder: ShapeBuilder, rng: np.random.Generator, kinds: list[str], mixed: bool) -> str:
    name, petal = pick(rng, FLOWER)
    _, green = pick(rng, GREEN)
    radius, high = rng.uniform(0.04, 0.08), rng.uniform(0.12, 0.3)
    if rng.random() < 0.85:
        add_vase(builder, rng, radius, high)
    else:
        high = 0.0
    stem = rng.uniform(0.18, 0.4)
    count = int(rng.integers(5, 19))
    spread = stem * rng.uniform(0.25, 0.75)
    tips = _stems(builder, rng, count, high * 0.2, high, stem, spread, shade(green, 0.9))
    size = stem * rng.uniform(0.14, 0.3)
    kind = kinds[int(rng.integers(len(kinds)))]
    for tip in tips:
        chosen = pick(rng, FLOWER)[1] if mixed else shade(petal, rng.uniform(0.9, 1.1))
        _bloom(builder, rng, kind, tip, size, chosen)
    if rng.random() < 0.85:
        shape = "leaf" if rng.random() < 0.6 else "strap"
        leaf_fan(
            builder,
            rng,
            int(rng.integers(5, 16)),
            high * 0.95,
            stem * rng.uniform(0.6, 1.0),
            stem * rng.uniform(0.08, 0.25),
            (0.3, 1.4),
            (0.2, 1.2),
            shape,
            green,
            radius * 0.4,
        )
    return name


def tulips(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Bunch of tulips in a vase."""
    return _bouquet(builder, rng, ["tulip"], bool(rng.random() < 0.4))


def flowers(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Bunch of roses, daisies or mixed flowers in a vase."""
    return _bouquet(builder, rng, ["ball", "daisy"], bool(rng.random() < 0.5))


def lilies(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Bunch of lilies in a vase."""
    return _bouquet(builder, rng, ["lily"], False)


def orchid(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Orchid: broad leaves at the pot and arching sprays of flowers."""
    name, petal = pick(rng, {key: FLOWER[key] for key in ("white", "pink", "purple", "yellow")})
    _, green = pick(rng, GREEN)
    radius = rng.uniform(0.06, 0.09)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(1.2, 2.0))
    leaf_fan(
        builder,
        rng,
        int(rng.integers(4, 8)),
        soil,
        radius * rng.uniform(2.0, 3.2),
        radius * 0.8,
        (0.2, 1.0),
        (0.5, 1.4),
        "leaf",
        green,
        radius * 0.1,
        0.3,
    )
    for _ in range(int(rng.integers(1, 4))):
        turn, high = rng.uniform(0, CIRCLE), rng.uniform(0.3, 0.5)
        side = np.array([np.sin(turn), 0, np.cos(turn)])
        path = spline(
            [
                [0, soil, 0],
                side * 0.03 + [0, soil + high * 0.6, 0],
                side * 0.12 + [0, soil + high, 0],
                side * 0.26 + [0, soil + high * 0.85, 0],
            ],
            16,
        )
        builder.add(sweep(path, 0.004, 5), green)
        for place in path[8:]:
            if rng.random() < 0.85:
                _bloom(builder, rng, "lily", place + rng.normal(0, 0.012, 3), rng.uniform(0.05, 0.075), petal)
    return name
