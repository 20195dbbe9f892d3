"""Trees, bushes and hedges: branching skeletons with leaf cards, fronds or lumps of foliage."""

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder, SubType
from crossmost.sources.shapes.conifer import christmas_tree, conifer, cypress, fir
from crossmost.sources.shapes.foliage import add_leaves, blades, blob, branches, cards, directions, scatter
from crossmost.sources.shapes.palette import BARK, FLOWER, LEAF, PLASTIC, STONE, Palette, pick, shade
from crossmost.sources.shapes.solids import Points, bars, join, ring_points, spline, sweep
from crossmost.sources.shapes.tree_parts import GREEN, trunk

CROWN: Palette = {
    "red": (150, 40, 32),
    "copper": (120, 52, 40),
    "pink": (236, 178, 194),
    "white": (238, 236, 232),
    "yellow green": (146, 150, 66),
    "orange": (196, 112, 44),
}


def _crowned(builder: ShapeBuilder, rng: np.random.Generator, palettes: tuple[Palette, ...], leafy: bool = True) -> str:
    """A broad-leaved tree: trunk, branches and a crown of cards or lumps around the twigs' tips."""
    name, color = pick(rng, *palettes)
    _, bark = pick(rng, BARK)
    height = rng.uniform(3, 9)
    stem = height * rng.uniform(0.1, 0.4)
    girth = height * rng.uniform(0.012, 0.03)
    path = trunk(builder, rng, stem, girth, bark, 0.08, 0.75)
    spread = rng.uniform(0.45, 1.0)
    first = (height - stem) * rng.uniform(0.3, 0.45)
    starts, ends, sizes = branches(
        rng,
        path[-1],
        (0, 1, 0),
        first,
        girth * 0.72,
        3,
        int(rng.integers(4, 6)),
        spread,
        rng.uniform(0.6, 0.8),
        rng.uniform(0.1, 0.5),
    )
    if not leafy:
        more = ends[-60:]
        twigs = more + directions(rng, len(more), 0.8) * first * 0.25
        builder.add(bars(more, twigs, (girth * 0.06, girth * 0.02), 4), bark)
    builder.add(bars(starts, ends, sizes, 5), bark)
    if not leafy:
        return "brown"
    tips = ends[len(ends) // 4 :]
    style = rng.random()
    reach = (height - stem) * rng.uniform(0.06, 0.16)
    if style < 0.8:
        count = int(rng.integers(350, 950))
        near = tips[rng.integers(len(tips), size=count)]
        size = height * rng.uniform(0.028, 0.065) * (700 / count) ** 0.4
        add_leaves(builder, rng, near + rng.normal(0, reach, (count, 3)), size * 1.4, size, color)
    if style > 0.65:
        chosen = tips[rng.permutation(len(tips))[: int(rng.integers(7, 12))]]
        for center in chosen:
            radius = (height - stem) * rng.uniform(0.1, 0.2)
            builder.add(blob(rng, center, (radius, radius * 0.8, radius), 0.1), shade(color, rng.uniform(0.75, 1.2)))
    return name


def deciduous(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Green broad-leaved tree."""
    return _crowned(builder, rng, (GREEN, LEAF))


def colored(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Maple, copper beech or blossoming fruit tree: a crown that is not green."""
    return _crowned(builder, rng, (CROWN,))


def bare(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tree without leaves."""
    return _crowned(builder, rng, (GREEN,), leafy=False)


def round_tree(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Stylized tree: trunk and a lumpy ball, or several."""
    name, color = pick(rng, GREEN, LEAF)
    height = rng.uniform(2, 8)
    crown = height * rng.uniform(0.2, 0.36)
    path = trunk(builder, rng, height - crown * 1.5, height * rng.uniform(0.015, 0.035), pick(rng, BARK)[1], 0.03)
    center = path[-1] + [0, crown * 0.6, 0]
    tall = crown * rng.uniform(0.75, 1.3)
    if rng.random() < 0.5:
        for place in scatter(rng, int(rng.integers(5, 12)), center, (crown * 0.6, tall * 0.6, crown * 0.6)):
            size = crown * rng.uniform(0.4, 0.65)
            builder.add(blob(rng, place, (size, size, size), 0.06), shade(color, rng.uniform(0.8, 1.2)))
    else:
        builder.add(blob(rng, center, (crown * 0.85, tall * 0.85, crown * 0.85), 0.08), shade(color, 0.8))
    if rng.random() < 0.7:
        places = scatter(rng, 700, center, (crown, tall, crown), 0.8)
        add_leaves(builder, rng, places, crown * 0.16, crown * 0.12, color)
    return name


def acacia(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Umbrella tree: forked trunk and a flat crown."""
    name, color = pick(rng, GREEN, LEAF)
    _, bark = pick(rng, BARK)
    height = rng.uniform(3, 7)
    wide = height * rng.uniform(0.45, 0.8)
    fork = np.array([rng.normal(0, 0.1), rng.uniform(0.2, 0.5), rng.normal(0, 0.1)]) * height
    builder.add(
        sweep(spline([[0, 0, 0], fork * [0.3, 0.5, 0.3], fork], 7), height * np.linspace(0.03, 0.018, 7), 8),
        bark,
    )
    count = int(rng.integers(5, 10))
    tops = ring_points((0, height * 0.85, 0), wide * 0.6, count) + rng.normal(0, wide * 0.12, (count, 3)) * [
        1,
        0.4,
        1,
    ]
    limbs = [
        sweep(
            spline([fork, fork * 0.45 + top * 0.55 - [0, height * 0.03, 0], top], 6),
            height * np.linspace(0.014, 0.005, 6),
            6,
        )
        for top in tops
    ]
    builder.add(join(limbs), bark)
    for top in tops:
        if rng.random() < 0.5:
            size = wide * rng.uniform(0.25, 0.4)
            builder.add(blob(rng, top, (size, size * 0.3, size), 0.1), shade(color, rng.uniform(0.75, 0.95)))
    places = scatter(rng, 800, (0, height * 0.88, 0), (wide, height * 0.13, wide), 0.2)
    add_leaves(builder, rng, places, height * 0.05, height * 0.03, color)
    return name


def palm(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Palm or coconut tree: slender, often bent trunk and a tuft of fronds."""
    name, color = pick(rng, GREEN, {"olive green": (112, 118, 54), "yellow green": (150, 150, 70)})
    height = rng.uniform(3, 9)
    _, bark = pick(rng, BARK)
    lean = rng.uniform(0, 0.3) * height if rng.random() < 0.6 else 0.0
    path = spline([[0, 0, 0], [lean * 0.15, height * 0.35, 0], [lean * 0.5, height * 0.75, 0], [lean, height, 0]], 14)
    thick = height * rng.uniform(0.014, 0.03) * np.linspace(1.1, 0.75, 14) * (1 + 0.12 * (np.arange(14) % 2))
    builder.add(sweep(path, thick, 9), bark)
    fronds = int(rng.integers(9, 22))
    turn = np.linspace(0, 2 * np.pi, fronds, endpoint=False) + rng.normal(0, 0.2, fronds)
    rise = rng.uniform(-0.2, 1.2, fronds)
    long = height * rng.uniform(0.2, 0.42)
    droop = rng.uniform(1.2, 2.3)
    if rng.random() < 0.3:
        builder.add(
            blades(
                np.tile(path[-1], (fronds * 4, 1)),
                rng.uniform(0, 2 * np.pi, fronds * 4),
                rng.uniform(-0.6, 1.3, fronds * 4),
                long * 0.7,
                long * 0.16,
                0.8,
                "leaf",
                fold=0.5,
            ),
            color,
        )
        return name
    share = np.linspace(0.08, 1, 13)
    spines, along = [], []
    for azimuth, up in zip(turn, rise, strict=True):
        angle = up - droop * share**1.3
        step = long / 13
        heading = np.array([np.sin(azimuth), 0, np.cos(azimuth)])
        spine = (
            path[-1]
            + np.cumsum(np.cos(angle) * step)[:, None] * heading
            + np.cumsum(np.sin(angle) * step)[:, None] * [0.0, 1.0, 0.0]
        )
        spines.append(spine)
        across = np.array([heading[2], 0, -heading[0]])
        along.append((heading * 0.7, across))
    builder.add(
        bars(np.vstack([s[:-1] for s in spines]), np.vstack([s[1:] for s in spines]), height * 0.003, 4),
        shade(color, 0.8),
    )
    places, ways = [], []
    sizes = []
    leaf = long * rng.uniform(0.2, 0.32)
    for spine, (ahead, across) in zip(spines, along, strict=True):
        for side in (-1.0, 1.0):
            way = across * side + ahead - [0, rng.uniform(0.1, 0.7), 0]
            way /= np.linalg.norm(way)
            size = leaf * np.sin(np.pi * (0.15 + 0.8 * share))
            places.append(spine + way * size[:, None] / 2)
            ways.append(np.tile(way, (13, 1)))
            sizes.append(size)
    builder.add(cards(rng, np.vstack(places), np.vstack(ways), np.concatenate(sizes), leaf * 0.22), color)
    if rng.random() < 0.4:
        for place in ring_points(path[-1] - [0, height * 0.02, 0], height * 0.025, 4):
            builder.ball(height * 0.018, (110, 84, 44), place)
    return name


def bonsai(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Bonsai tree in a tray."""
    name, color = pick(rng, GREEN)
    _, tray = pick(rng, STONE, PLASTIC)
    wide, tall = rng.uniform(0.14, 0.22), rng.uniform(0.04, 0.08)
    if rng.random() < 0.5:
        builder.revolve(
            [
                [0, 0],
                [wide * 0.8, 0],
                [wide, tall],
                [wide * 0.92, tall],
                [wide * 0.9, tall * 0.85],
                [0, tall * 0.9],
            ],
            tray,
        )
    else:
        builder.box((wide * 2, tall, wide * 1.3), tray, (0, tall / 2, 0))
        builder.box((wide * 1.85, 0.01, wide * 1.15), (96, 80, 62), (0, tall, 0))
    _, bark = pick(rng, BARK)
    height = rng.uniform(0.25, 0.45)
    zigzag = rng.uniform(0.2, 0.5) * wide
    path = spline(
        [
            [0, tall * 0.8, 0],
            [zigzag, tall + height * 0.3, 0],
            [-zigzag, tall + height * 0.6, 0.01],
            [zigzag * 0.3, tall + height * 0.9, 0],
        ],
        14,
    )
    builder.add(sweep(path, height * np.linspace(0.09, 0.025, 14), 8), bark)
    for index in rng.choice(np.arange(6, 14), int(rng.integers(3, 6)), replace=False):
        tip = path[index] + [rng.normal(0, wide * 0.6), rng.uniform(0, 0.04), rng.normal(0, wide * 0.4)]
        builder.rod(path[index], tip, height * 0.018, bark)
        size = wide * rng.uniform(0.3, 0.5)
        builder.add(blob(rng, tip, (size, size * 0.45, size * 0.8), 0.12), shade(color, 0.85))
        add_leaves(
            builder,
            rng,
            scatter(rng, 120, tip, (size * 1.1, size * 0.55, size), 0.6),
            size * 0.3,
            size * 0.15,
            color,
            shades=2,
        )
    return name


def bush(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Bush: several stems from the ground and loose leaves, with flowers at times."""
    name, color = pick(rng, GREEN, LEAF)
    height = rng.uniform(0.6, 2.2)
    wide = height * rng.uniform(0.5, 0.9)
    starts, ends, sizes = [], [], []
    for _ in range(int(rng.integers(4, 8))):
        a, b, c = branches(
            rng,
            (rng.normal(0, wide * 0.08), 0, rng.normal(0, wide * 0.08)),
            _up(rng, 0.45),
            height * 0.42,
            height * 0.015,
            2,
            3,
            0.6,
            0.6,
            0.3,
        )
        starts.append(a)
        ends.append(b)
        sizes.append(c)
    tips = np.vstack(ends)
    builder.add(bars(np.vstack(starts), tips, np.vstack(sizes), 4), pick(rng, BARK)[1])
    count = int(rng.integers(400, 1000))
    if rng.random() < 0.5:
        places = tips[rng.integers(len(tips), size=count)] + rng.normal(0, height * 0.09, (count, 3))
    else:
        places = scatter(rng, count, (0, height * 0.55, 0), (wide, height * 0.5, wide), 0.4)
    size = height * rng.uniform(0.05, 0.1)
    add_leaves(builder, rng, places, size, size * rng.uniform(0.3, 0.7), color)
    if rng.random() < 0.25:
        _, flower = pick(rng, FLOWER)
        add_leaves(builder, rng, places[: count // 6] * 1.03, size * 0.8, size * 0.8, flower, shades=1)
    return name


def _up(rng: np.random.Generator, spread: float) -> Points:
    heading = np.array([rng.normal(0, spread), 1.0, rng.normal(0, spread)])
    return heading / np.linalg.norm(heading)


def hedge(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Clipped hedge: a block, a pillar or a rounded block of leaves."""
    name, color = pick(rng, GREEN, LEAF)
    size = np.array([rng.uniform(0.8, 2.4), rng.uniform(0.6, 1.8), rng.uniform(0.3, 0.8)])
    if rng.random() < 0.3:
        size[0] = size[2] * rng.uniform(1.0, 2.0)
    soft = rng.uniform(0.05, 0.5)
    builder.cushion(tuple(size * 0.95), shade(color, 0.75), (0, size[1] / 2, 0), softness=soft)
    count = int(rng.integers(700, 1400))
    places = rng.uniform(-0.5, 0.5, (count, 3))
    areas = np.array([size[1] * size[2], size[0] * size[2], size[0] * size[1]])
    axis = rng.choice(3, count, p=areas / areas.sum())
    places[np.arange(count), axis] = np.sign(places[np.arange(count), axis]) * 0.5
    if soft > 0.25:
        places /= np.maximum(1, (np.abs(places * 2) ** (2 / soft)).sum(1, keepdims=True) ** (soft / 2))
    places = places * size + [0, size[1] / 2, 0] + rng.normal(0, 0.02, (count, 3))
    leaf = rng.uniform(0.05, 0.13) * float(size[1]) ** 0.5
    add_leaves(builder, rng, places, leaf, leaf * rng.uniform(0.4, 0.8), color)
    return name


SUB_TYPES: dict[str, SubType] = {
    "green tree": deciduous,
    "maple tree": colored,
    "bare tree": bare,
    "round tree": round_tree,
    "pine tree": conifer,
    "fir tree": fir,
    "christmas tree": christmas_tree,
    "cypress tree": cypress,
    "acacia tree": acacia,
    "palm tree": palm,
    "bonsai tree": bonsai,
    "bush": bush,
    "hedge": hedge,
}
