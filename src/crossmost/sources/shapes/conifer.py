"""Needle trees: pines, firs, Christmas trees, cypresses."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.foliage import add_leaves, directions
from crossmost.sources.shapes.palette import BARK, PLASTIC, pick, shade
from crossmost.sources.shapes.solids import Points, bars, loft, sweep
from crossmost.sources.shapes.tree_parts import GREEN, SNOW, trunk


def conifer(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Pine or fir: whorls of drooping branches covered with needles, under snow at times."""
    name, color = pick(rng, GREEN, GREEN, SNOW)
    height = rng.uniform(2.5, 10)
    trunk(builder, rng, height * 0.97, height * rng.uniform(0.012, 0.022), pick(rng, BARK)[1], 0.006, 0.1)
    bare_part = rng.uniform(0.03, 0.25)
    wide = height * rng.uniform(0.17, 0.34)
    fall = rng.uniform(-0.5, 0.35)
    power = rng.uniform(0.7, 1.3)
    whorls = int(rng.integers(11, 20))
    level = np.repeat(np.linspace(bare_part, 0.97, whorls), 9)
    level = level + rng.normal(0, 0.012, len(level))
    reach = (
        wide * np.clip(1 - (level - bare_part) / (1 - bare_part), 0.03, 1) ** power * rng.uniform(0.6, 1.1, len(level))
    )
    turn = rng.uniform(0, 2 * np.pi, len(level))
    root = np.column_stack([np.zeros(len(level)), level * height, np.zeros(len(level))])
    heading = np.column_stack([np.sin(turn), np.full(len(level), fall), np.cos(turn)])
    builder.add(bars(root, root + heading * reach[:, None], (height * 0.005, height * 0.001), 4), pick(rng, BARK)[1])
    share = rng.uniform(0.15, 1.0, (len(level), 6))
    places = root[:, None] + heading[:, None] * (reach[:, None] * share)[:, :, None]
    places = places.reshape(-1, 3) + rng.normal(0, height * 0.008, (len(level) * 6, 3))
    along = np.repeat(heading, 6, axis=0) + rng.normal(0, 0.45, (len(level) * 6, 3))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    size = height * rng.uniform(0.05, 0.085)
    add_leaves(builder, rng, places, size, size * rng.uniform(0.3, 0.7), color, along)
    if name in SNOW and rng.random() < 0.5:
        some = rng.permutation(len(places))[:200]
        add_leaves(builder, rng, places[some] - [0, size * 0.15, 0], size, size * 0.5, (74, 96, 92), along[some])
    return name


def _skirts(
    builder: ShapeBuilder,
    rng: np.random.Generator,
    height: float,
    low: float,
    wide: float,
    color: Color,
    tiers: int,
) -> None:
    """Stacked cones with a jagged lower edge."""
    sides = int(rng.choice([14, 20, 26]))
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    jag = rng.uniform(0.0, 0.3)
    for tier in range(tiers):
        share = tier / tiers
        base = low + (height - low) * share
        top = min(height, base + (height - low) / tiers * rng.uniform(1.5, 2.1))
        radius = wide * (1 - share) ** rng.uniform(0.8, 1.0)
        ragged = radius * (1 - jag * (np.arange(sides) % 2) * rng.uniform(0.5, 1.2, sides))
        ring = np.column_stack([ragged * np.sin(angle), np.full(sides, base), ragged * np.cos(angle)])
        ring[:, 1] += (np.arange(sides) % 2) * (top - base) * 0.12
        inner = ring * [0.5, 0, 0.5] + [0, base + (top - base) * 0.2, 0]
        tip = ring * [0.04, 0, 0.04] + [0, top, 0]
        builder.add(
            loft([inner, ring, ring * [0.55, 0, 0.55] + [0, base + (top - base) * 0.42, 0], tip]),
            shade(color, rng.uniform(0.85, 1.15)),
        )


def fir(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Stylized fir: stacked cones on a short trunk."""
    name, color = pick(rng, GREEN, GREEN, SNOW)
    height = rng.uniform(1.5, 8)
    low = height * rng.uniform(0.06, 0.2)
    builder.cylinder(height * rng.uniform(0.015, 0.035), low * 1.5, pick(rng, BARK)[1], (0, low * 0.75, 0))
    _skirts(builder, rng, height, low, height * rng.uniform(0.2, 0.38), color, int(rng.integers(3, 9)))
    return name


def christmas_tree(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Decorated fir with baubles, garlands and a star; green or white."""
    name, color = pick(rng, GREEN, GREEN, {"white": (238, 240, 240)})
    height = rng.uniform(1.2, 2.6)
    low, wide = height * rng.uniform(0.05, 0.16), height * rng.uniform(0.24, 0.36)
    builder.cylinder(height * 0.02, low * 1.4, pick(rng, BARK)[1], (0, low * 0.7, 0))
    if rng.random() < 0.5:
        builder.cylinder(
            height * 0.08,
            height * 0.08,
            pick(rng, PLASTIC)[1],
            (0, height * 0.04, 0),
            (0, 0, 0),
            height * 0.1,
        )
    _skirts(builder, rng, height * 0.97, low, wide * 0.9, shade(color, 0.85), int(rng.integers(4, 10)))

    def surface(count: int, out: float) -> Points:
        share = 1 - np.sqrt(rng.uniform(0, 1, count))
        turn = rng.uniform(0, 2 * np.pi, count)
        radius = wide * (1 - share) * out
        return np.column_stack([radius * np.sin(turn), low + (height * 0.95 - low) * share, radius * np.cos(turn)])

    if rng.random() < 0.7:
        places = surface(700, 1.0) * rng.uniform(0.75, 1.05, (700, 1)) ** [1, 0, 1]
        along = places * [1, 0, 1] / np.maximum(np.linalg.norm(places * [1, 0, 1], axis=1, keepdims=True), 1e-6)
        along = along + rng.normal(0, 0.4, along.shape) - [0, 0.2, 0]
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        add_leaves(builder, rng, places, height * 0.07, height * 0.03, color, along)
    if rng.random() < 0.75:
        for _ in range(int(rng.integers(1, 4))):
            _, bauble = pick(rng, PLASTIC, {"golden": (214, 172, 60)})
            for place in surface(int(rng.integers(6, 14)), 1.02):
                builder.ball(height * rng.uniform(0.012, 0.022), bauble, place)
    if rng.random() < 0.4:
        turn = np.linspace(0, rng.uniform(4, 7) * 2 * np.pi, 70)
        share = np.linspace(0.02, 0.92, 70)
        radius = wide * (1 - share) * 1.0
        helix = np.column_stack([radius * np.sin(turn), low + (height * 0.95 - low) * share, radius * np.cos(turn)])
        builder.add(bars(helix[:-1], helix[1:], height * 0.006, 5), pick(rng, PLASTIC)[1])
    if rng.random() < 0.85:
        tips = int(rng.choice([4, 5, 5, 6])) * 2
        angle = np.linspace(0, 2 * np.pi, tips, endpoint=False) + np.pi / 2
        radius = height * rng.uniform(0.035, 0.06) * np.where(np.arange(tips) % 2, 0.42, 1.0)
        star = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
        builder.extrude(star.tolist(), height * 0.015, (226, 186, 50), (0, height * 1.0, 0))
    return name


def cypress(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Cypress or poplar: a tall narrow crown."""
    name, color = pick(rng, GREEN)
    height = rng.uniform(2.5, 10)
    low, wide = height * rng.uniform(0.03, 0.25), height * rng.uniform(0.07, 0.16)
    trunk(builder, rng, height * 0.6, height * rng.uniform(0.01, 0.02), pick(rng, BARK)[1], 0.004)
    peak = rng.uniform(0.2, 0.5)
    levels = np.linspace(0, 1, 14)
    outline = np.interp(levels, [0, 0.05, peak, 0.85, 1], [0.2, 0.6, 1.0, 0.45, 0.03])
    if rng.random() < 0.8:
        rough = outline * wide * 0.9 * (1 + rng.normal(0, 0.05, 14))
        axis = np.column_stack(
            [rng.normal(0, wide * 0.03, 14), low + (height - low) * levels, rng.normal(0, wide * 0.03, 14)]
        )
        builder.add(sweep(axis, rough, 14), shade(color, 0.8))
    if rng.random() < 0.9:
        count = int(rng.integers(500, 1200))
        share = rng.uniform(0, 1, count)
        radius = np.interp(share, levels, outline) * wide * rng.uniform(0.75, 1.08, count)
        turn = rng.uniform(0, 2 * np.pi, count)
        places = np.column_stack([radius * np.sin(turn), low + (height - low) * share, radius * np.cos(turn)])
        along = directions(rng, count, 2.0)
        add_leaves(builder, rng, places, height * 0.05, height * 0.025, color, along)
    return name
