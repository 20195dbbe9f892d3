"""House plants and flowers, in pots, vases or without."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder, SubType
from crossmost.sources.shapes.cactus import cactus, succulent
from crossmost.sources.shapes.flower import flowers, lilies, orchid, tulips
from crossmost.sources.shapes.foliage import add_leaves, blades, blob, branches, cards, directions, scatter
from crossmost.sources.shapes.palette import (
    BARK,
    FLOWER,
    LEAF,
    WICKER,
    pick,
    shade,
)
from crossmost.sources.shapes.plant_parts import CIRCLE, GREEN, add_pot, leaf_fan
from crossmost.sources.shapes.solids import (
    bars,
    ring_points,
    spline,
    sweep,
)


def rosette_plant(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Strap-leaved pot plant: dracaena, aloe, snake plant, agave."""
    name, color = pick(rng, GREEN)
    radius = rng.uniform(0.08, 0.16)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(1.0, 2.0))
    long = radius * rng.uniform(2.0, 5.0)
    steep = rng.uniform(0.5, 1.3)
    count = int(rng.integers(12, 45))
    leaf_fan(
        builder,
        rng,
        count,
        soil,
        long,
        radius * rng.uniform(0.2, 0.5),
        (steep, 1.5),
        (0.0, rng.uniform(0.3, 1.8)),
        "strap",
        color,
        radius * 0.2,
        0.35,
    )
    if rng.random() < 0.3:
        leaf_fan(
            builder,
            rng,
            count // 2,
            soil + 0.01,
            long,
            radius * 0.12,
            (steep, 1.5),
            (0.0, 1.2),
            "strap",
            (206, 212, 130),
            radius * 0.15,
        )
    return name


def spider_plant(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Spider plant or grass: many thin drooping leaves, often hiding a small or hanging pot."""
    name, color = pick(rng, GREEN)
    radius = rng.uniform(0.06, 0.1)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(1.0, 1.6))
    long = radius * rng.uniform(3.5, 6)
    leaf_fan(
        builder,
        rng,
        int(rng.integers(30, 70)),
        soil,
        long,
        radius * rng.uniform(0.12, 0.25),
        (0.4, 1.4),
        (1.2, 2.6),
        "strap",
        color,
        radius * 0.2,
    )
    return name


def hanging_plant(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Plant with trailing shoots; hung on cords, or standing with shoots over the rim."""
    name, color = pick(rng, GREEN)
    radius = rng.uniform(0.1, 0.16)
    height = radius * rng.uniform(0.9, 1.4)
    soil = add_pot(builder, rng, radius, height)
    if rng.random() < 0.55:
        hook = np.array([0, height + radius * rng.uniform(3, 5), 0])
        rim = ring_points((0, height * 0.95, 0), radius, 3)
        builder.add(bars(rim, np.tile(hook, (3, 1)), radius * 0.03, 5), pick(rng, WICKER)[1])
    shoots = int(rng.integers(8, 18))
    places, along, lines = [], [], []
    fall = radius * rng.uniform(1.0, 3.5)
    for turn in rng.uniform(0, CIRCLE, shoots):
        out = np.array([np.sin(turn), 0, np.cos(turn)])
        far = radius * rng.uniform(1.1, 2.2)
        path = spline(
            [
                [0, soil, 0],
                out * radius * 0.7 + [0, soil + radius * 0.6, 0],
                out * far + [0, soil, 0],
                out * far * 1.15 + [0, soil - fall * rng.uniform(0.1, 1), 0],
            ],
            12,
        )
        lines.append(path)
        places.append(np.repeat(path[2:], 2, axis=0))
        along.append(np.tile(out, (20, 1)) * 0.6 - [0, 0.6, 0] + rng.normal(0, 0.5, (20, 3)))
    builder.add(
        bars(np.vstack([p[:-1] for p in lines]), np.vstack([p[1:] for p in lines]), radius * 0.02, 4),
        shade(color, 0.8),
    )
    ways = np.vstack(along)
    leaf = radius * rng.uniform(0.4, 0.8)
    add_leaves(
        builder,
        rng,
        np.vstack(places) + rng.normal(0, leaf * 0.2, (len(ways), 3)),
        leaf,
        leaf * rng.uniform(0.5, 0.9),
        color,
        ways / np.linalg.norm(ways, axis=1, keepdims=True),
    )
    return name


def leafy_plant(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Spathiphyllum and other plants with stalked broad leaves, some with white blooms."""
    name, color = pick(rng, GREEN)
    radius = rng.uniform(0.09, 0.17)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(1.0, 1.9))
    long = radius * rng.uniform(2.5, 5.0)
    count = int(rng.integers(14, 60))
    for level in np.linspace(0, rng.uniform(0.0, 0.6) * long, 3):
        leaf_fan(
            builder,
            rng,
            count // 3 + 1,
            soil + level,
            long * rng.uniform(0.7, 1.0),
            long * rng.uniform(0.14, 0.3),
            (0.5, 1.45),
            (0.6, 2.0),
            "stalked",
            color,
            radius * 0.15,
            0.25,
        )
    if rng.random() < 0.4:
        _, petal = pick(rng, FLOWER)
        for _ in range(int(rng.integers(2, 6))):
            tip = np.array([rng.normal(0, long * 0.3), soil + long * rng.uniform(0.9, 1.2), rng.normal(0, long * 0.3)])
            builder.rod((0, soil, 0), tuple(tip), radius * 0.02, shade(color, 0.9), 5)
            builder.ellipsoid(
                (long * 0.03, long * 0.1, long * 0.05),
                petal,
                tuple(tip),
                (rng.normal(0, 0.3), rng.uniform(0, 3), rng.normal(0, 0.3)),
            )
    return name


def ficus(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Potted small tree: bare, braided or twin stems and a crown of small leaves."""
    name, color = pick(rng, GREEN)
    _, bark = pick(rng, BARK)
    radius = rng.uniform(0.12, 0.2)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(1.3, 2.2))
    stem = rng.uniform(0.3, 0.9)
    crown = rng.uniform(0.25, 0.5)
    strands = int(rng.integers(1, 4))
    turn = np.linspace(0, rng.uniform(4, 9), 16)
    for strand in range(strands):
        phase = strand * CIRCLE / strands
        twist = 0.0 if strands == 1 else 0.022
        path = np.column_stack(
            [
                twist * np.sin(turn + phase),
                soil + stem * np.linspace(0, 1.1, 16),
                twist * np.cos(turn + phase),
            ]
        )
        builder.add(sweep(path, rng.uniform(0.01, 0.022), 7), bark)
    tall = crown * rng.uniform(0.9, 1.8)
    center = np.array([0, soil + stem + tall * 0.7, 0])
    starts, ends, sizes = branches(rng, center - [0, tall * 0.75, 0], (0, 1, 0), tall * 0.6, 0.012, 2, 5, 0.7, 0.7)
    builder.add(bars(starts, ends, sizes, 4), bark)
    if rng.random() < 0.4:
        builder.add(blob(rng, center, (crown * 0.75, tall * 0.75, crown * 0.75), 0.1), shade(color, 0.65))
    count = int(rng.integers(350, 900))
    leaf = rng.uniform(0.05, 0.1)
    add_leaves(
        builder,
        rng,
        scatter(rng, count, center, (crown, tall, crown), 0.3),
        leaf,
        leaf * rng.uniform(0.35, 0.6),
        color,
        directions(rng, count, -0.5),
    )
    return name


def yucca(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Yucca or dracaena tree: canes with tufts of pointed leaves."""
    name, color = pick(rng, GREEN)
    _, bark = pick(rng, BARK)
    radius = rng.uniform(0.1, 0.18)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(1.2, 2.0))
    for _ in range(int(rng.integers(1, 4))):
        high = rng.uniform(0.2, 1.1)
        bend = rng.normal(0, 0.15, 2) * high
        root = np.array([rng.normal(0, radius * 0.35), soil, rng.normal(0, radius * 0.35)])
        path = spline([root, root + [bend[0], high * 0.5, bend[1]], root + [bend[0] * 0.8, high, bend[1] * 1.2]], 9)
        builder.add(sweep(path, rng.uniform(0.015, 0.03), 8), bark)
        count = int(rng.integers(25, 60))
        long = rng.uniform(0.25, 0.5)
        turn = rng.uniform(0, CIRCLE, count)
        mesh = blades(
            np.tile(path[-1], (count, 1)),
            turn,
            rng.uniform(-0.5, 1.5, count),
            long * rng.uniform(0.7, 1.1, count),
            rng.uniform(0.02, 0.05),
            rng.uniform(0, 1.0, count),
            "strap",
        )
        builder.add(mesh, shade(color, rng.uniform(0.8, 1.2)))
    return name


def palm_plant(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Areca palm or fern: feathered fronds."""
    name, color = pick(rng, GREEN)
    radius = rng.uniform(0.1, 0.18)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(1.2, 2.2))
    long = radius * rng.uniform(4, 8)
    droop = rng.uniform(0.2, 1.6)
    steep = rng.uniform(0.7, 1.3)
    share = np.linspace(0, 1, 12)
    stems, places, ways = [], [], []
    for turn in rng.uniform(0, CIRCLE, int(rng.integers(9, 18))):
        heading = np.array([np.sin(turn), 0, np.cos(turn)])
        angle = rng.uniform(steep, 1.55) - droop * share**1.5
        size = long * rng.uniform(0.6, 1.1) / 12
        path = (
            np.cumsum(np.cos(angle) * size)[:, None] * heading
            + np.cumsum(np.sin(angle) * size)[:, None] * [0.0, 1.0, 0.0]
            + [0, soil, 0]
        )
        stems.append(path)
        across = np.array([heading[2], 0, -heading[0]])
        for side in (-1.0, 1.0):
            way = across * side + heading * 0.6 + [0, rng.uniform(-0.3, 0.4), 0]
            way /= np.linalg.norm(way)
            places.append(path[3:] + way * long * 0.09)
            ways.append(np.tile(way, (9, 1)))
    builder.add(
        bars(np.vstack([p[:-1] for p in stems]), np.vstack([p[1:] for p in stems]), radius * 0.035, 4),
        shade(color, 1.1),
    )
    add_leaves(
        builder,
        rng,
        np.vstack(places),
        long * 0.2,
        long * rng.uniform(0.025, 0.06),
        color,
        np.vstack(ways),
        2,
    )
    return name


def bamboo(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Bamboo: jointed canes with narrow leaves, in a pot or free-standing."""
    name, color = pick(rng, GREEN)
    _, cane = pick(rng, {"green": (120, 164, 70), "yellow": (190, 172, 96), "dark": (84, 110, 52)})
    potted = rng.random() < 0.65
    radius = rng.uniform(0.08, 0.16) if potted else rng.uniform(0.3, 0.8)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(0.8, 1.6)) if potted else 0.0
    count = int(rng.integers(4, 12))
    high = radius * rng.uniform(3, 7)
    thick = radius * rng.uniform(0.05, 0.14) if potted else radius * 0.04
    turn, far = rng.uniform(0, CIRCLE, count), radius * 0.7 * np.sqrt(rng.uniform(0, 1, count))
    roots = np.column_stack([far * np.sin(turn), np.full(count, soil), far * np.cos(turn)])
    tops = roots + np.column_stack(
        [
            rng.normal(0, high * 0.04, count),
            high * rng.uniform(0.6, 1.0, count),
            rng.normal(0, high * 0.04, count),
        ]
    )
    builder.add(bars(roots, tops, thick, 8), cane)
    share = np.linspace(0.1, 1, 7)[None, :, None]
    knots = (roots[:, None] + (tops - roots)[:, None] * share).reshape(-1, 3)
    tick = np.array([0, thick * 0.25, 0])
    builder.add(bars(knots - tick, knots + tick, thick * 1.2, 8), shade(cane, 0.8))
    leaves = int(rng.integers(120, 400))
    places = knots[rng.integers(len(knots), size=leaves)]
    lifted = places[:, 1] > soil + high * rng.uniform(0.2, 0.5)
    along = directions(rng, leaves, 0.4)
    long = high * rng.uniform(0.07, 0.14)
    chosen = places[lifted] + along[lifted] * long * rng.uniform(0.4, 1.3, (int(lifted.sum()), 1))
    add_leaves(builder, rng, chosen, long, long * rng.uniform(0.12, 0.25), color, along[lifted])
    return name


def bushy_plant(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Round pot plant with small leaves, flowering at times."""
    name, color = pick(rng, GREEN, LEAF)
    radius = rng.uniform(0.08, 0.16)
    soil = add_pot(builder, rng, radius, radius * rng.uniform(1.0, 1.8))
    wide, tall = radius * rng.uniform(1.1, 2.0), radius * rng.uniform(0.9, 2.4)
    center = np.array([0, soil + tall * 0.85, 0])
    if rng.random() < 0.5:
        builder.add(blob(rng, center, (wide * 0.7, tall * 0.7, wide * 0.7), 0.12), shade(color, 0.7))
    places = scatter(rng, int(rng.integers(200, 600)), center, (wide, tall, wide), 0.3)
    leaf = radius * rng.uniform(0.3, 0.75)
    add_leaves(builder, rng, places, leaf, leaf * rng.uniform(0.4, 0.8), color)
    starts = np.tile([0, soil * 0.9, 0], (20, 1))
    builder.add(bars(starts, places[:20], radius * 0.025, 4), shade(color, 0.7))
    if rng.random() < 0.35:
        _, petal = pick(rng, FLOWER)
        where = scatter(rng, 40, center, (wide, tall, wide), 0.95)
        builder.add(cards(rng, where, directions(rng, 40), leaf * 0.7, leaf * 0.7), petal)
    return name


SUB_TYPES: dict[str, SubType] = {
    "potted plant": rosette_plant,
    "spider plant": spider_plant,
    "hanging plant": hanging_plant,
    "spathiphyllum plant": leafy_plant,
    "indoor plant": bushy_plant,
    "ficus": ficus,
    "yucca": yucca,
    "potted palm plant": palm_plant,
    "cactus": cactus,
    "succulent plant": succulent,
    "bamboo plant": bamboo,
    "bunch of tulips": tulips,
    "bunch of flowers": flowers,
    "bunch of lilies": lilies,
    "orchid": orchid,
}
