"""Windows: casement, double and multiple leaves, double-hung, sliding, arched, round, bay, roof, shuttered."""

import numpy as np

from crossmost.sources.shapes.builder import Color, ShapeBuilder, SubType, arc
from crossmost.sources.shapes.joinery import arched_band, arched_sheet, frame, grid, sash
from crossmost.sources.shapes.legs import chance, choose
from crossmost.sources.shapes.palette import GLASS, METAL, PAINT, WHITE, WOOD, pick, shade

WINDOW_GLASS = {**GLASS, "clear glass": (222, 230, 234), "pale glass": (206, 210, 214)}


def _colors(rng: np.random.Generator) -> tuple[str, Color, Color]:
    """Color name, frame color, glass color."""
    name, color = pick(rng, WHITE, WHITE, WOOD, PAINT, METAL)
    return name, color, pick(rng, WINDOW_GLASS)[1]


def _handle(b: ShapeBuilder, rng: np.random.Generator, at: tuple[float, float, float]) -> None:
    if chance(rng, 0.75):
        _, color = pick(rng, METAL)
        x, y, z = at
        b.box((0.025, 0.07, 0.02), color, (x, y, z + 0.01))
        b.rod((x, y, z + 0.03), (x, y - 0.12, z + 0.03), 0.01, color, 6)


def _outer(b: ShapeBuilder, rng: np.random.Generator, color: Color, width: float, height: float) -> None:
    """Frame in the wall, deep or flat, with an occasional sill and lintel; opening centered on (0, height / 2)."""
    bar, depth = rng.uniform(0.03, 0.08), rng.uniform(0.06, 0.26)
    frame(b, color, (width + 2 * bar, height + 2 * bar), bar, depth, (0, height / 2, -depth / 2 + 0.05), True)
    if chance(rng, 0.35):
        b.box((width + 2 * bar + 0.1, 0.035, depth + 0.12), color, (0, -bar - 0.015, 0.02))
    if chance(rng, 0.15):
        b.box((width + 2 * bar + 0.08, 0.07, depth + 0.06), color, (0, height + bar + 0.03, 0))


def _leaves(
    b: ShapeBuilder,
    rng: np.random.Generator,
    color: Color,
    glass: Color,
    size: tuple[float, float],
    count: int,
    base: float = 0.0,
) -> None:
    """A row of equal casements with glazing bars, handle at a middle seam."""
    width, height = size
    wide = width / count
    bar = rng.uniform(0.04, 0.09)
    counts = (int(rng.choice([1, 1, 2])), int(rng.choice([1, 2, 3, 3, 4, 5])))
    for place in range(count):
        x = (place - (count - 1) / 2) * wide
        sash(b, color, glass, (wide - 0.006, height), counts, bar, 0.05, (x, base + height / 2, 0))
    seam = 0.0 if count % 2 == 0 else wide / 2
    _handle(b, rng, (seam - bar / 2 if count > 1 else width / 2 - bar / 2, base + height * 0.48, 0.025))


def casement_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """One turning leaf."""
    name, color, glass = _colors(rng)
    width, height = rng.uniform(0.5, 0.95), rng.uniform(0.6, 1.5)
    _outer(b, rng, color, width, height)
    _leaves(b, rng, color, glass, (width, height), 1)
    return name


def double_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Two leaves, sometimes over a fixed lower light."""
    name, color, glass = _colors(rng)
    width, height = rng.uniform(0.9, 1.5), rng.uniform(0.9, 1.6)
    base = rng.uniform(0.25, 0.4) if chance(rng, 0.3) else 0.0
    _outer(b, rng, color, width, height + base)
    if base:
        sash(b, color, glass, (width, base), (1, 1), 0.06, 0.06, (0, base / 2, 0))
    _leaves(b, rng, color, glass, (width, height), 2, base)
    return name


def french_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Leaves down to the floor: two to four, with glazing bars."""
    name, color, glass = _colors(rng)
    count = int(rng.choice([2, 2, 3, 4]))
    width, height = count * rng.uniform(0.5, 0.7), rng.uniform(1.9, 2.3)
    _outer(b, rng, color, width, height)
    _leaves(b, rng, color, glass, (width, height), count)
    return name


def wide_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Three to five leaves side by side, with or without top lights."""
    name, color, glass = _colors(rng)
    count = int(rng.integers(3, 6))
    width, height = count * rng.uniform(0.45, 0.7), rng.uniform(0.9, 1.6)
    head = rng.uniform(0.25, 0.45) if chance(rng, 0.3) else 0.0
    _outer(b, rng, color, width, height + head)
    _leaves(b, rng, color, glass, (width, height), count)
    if head:
        sash(b, color, glass, (width, head), (count, 1), 0.05, 0.05, (0, height + head / 2, 0))
    return name


def hung_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Upper and lower sash in two planes, the lower one perhaps raised."""
    name, color, glass = _colors(rng)
    width, height = rng.uniform(0.6, 1.1), rng.uniform(1.1, 1.8)
    _outer(b, rng, color, width, height)
    counts = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    lower = counts if chance(rng, 0.5) else (1, 1)
    bar = rng.uniform(0.04, 0.07)
    half = height / 2 + bar / 2
    rise = rng.uniform(0.1, 0.35) * height if chance(rng, 0.25) else 0.0
    sash(b, color, glass, (width, half), counts, bar, 0.035, (0, height - half / 2, -0.03))
    sash(b, color, glass, (width, half), lower, bar, 0.035, (0, half / 2 + rise, 0.01))
    b.box((0.06, 0.02, 0.04), (120, 120, 124), (0, height / 2 + rise, 0.03))
    return name


def sliding_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Two or three panes in overlapping planes."""
    name, color, glass = _colors(rng)
    count = int(rng.choice([2, 2, 3]))
    width, height = count * rng.uniform(0.5, 0.85), rng.uniform(0.7, 1.4)
    _outer(b, rng, color, width, height)
    bar = rng.uniform(0.03, 0.07)
    for place in range(count):
        x = (place - (count - 1) / 2) * width / count
        sash(b, color, glass, (width / count + bar, height), (1, 1), bar, 0.03, (x, height / 2, 0.018 * (-1) ** place))
        b.box((0.02, 0.12, 0.02), shade(color, 0.5), (x - width / count / 2 + 0.03, height / 2, 0.04))
    return name


def arched_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """One to four leaves under a round or flat arch."""
    name, color, glass = _colors(rng)
    count = int(rng.choice([1, 2, 2, 4]))
    width = rng.uniform(0.6, 0.8) if count == 1 else count * rng.uniform(0.4, 0.65)
    rise = width / 2 * (rng.uniform(0.85, 1.0) if chance(rng, 0.5) else rng.uniform(0.2, 0.5))
    height = rise + rng.uniform(0.6, 1.8)
    bar = rng.uniform(0.05, 0.1)
    b.extrude(arched_band(width, height, rise, bar), rng.uniform(0.06, 0.22), color, (0, 0, -0.03))
    b.box((width, bar, 0.1), color, (0, bar / 2, 0))
    b.extrude(arched_sheet(width - bar, height - bar / 2, rise - bar / 2), 0.012, glass)
    straight = height - rise
    if chance(rng, 0.6):
        b.box((width - bar, bar * 0.7, 0.05), color, (0, straight, 0))
    for place in range(1, count):
        x = (place / count - 0.5) * width
        tall = straight + rise * float(np.sqrt(max(0.0, 1 - (2 * x / width) ** 2))) - bar * 0.5
        b.box((bar * 1.1, tall, 0.06), color, (x, tall / 2, 0))
    rows = int(rng.integers(1, 5))
    grid(b, color, (width - bar, straight), (1, rows), 0.025, 0.035, (0, straight / 2, 0))
    if chance(rng, 0.4):
        for angle in np.linspace(0, np.pi, int(rng.integers(4, 7)))[1:-1]:
            end = (width * 0.47 * float(np.cos(angle)), straight + rise * 0.95 * float(np.sin(angle)), 0)
            b.rod((0, straight, 0), end, 0.014, color, 4)
    _handle(b, rng, (0, straight * 0.5, 0.03))
    return name


def round_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Circle, oval, half circle or octagon with crossed bars."""
    name, color, glass = _colors(rng)
    radius, bar = rng.uniform(0.3, 0.6), rng.uniform(0.04, 0.09)
    ratio = 1.0 if chance(rng, 0.6) else rng.uniform(0.6, 1.5)
    half = chance(rng, 0.25)
    sides = 9 if chance(rng, 0.15) else 33
    end = np.pi if half else 2 * np.pi
    depth = rng.uniform(0.06, 0.2)
    for start, stop in zip(np.linspace(0, end, sides)[:-1], np.linspace(0, end, sides)[1:], strict=True):
        outer = arc((0, 0), (radius, radius * ratio), float(start), float(stop), 2)
        inner = arc((0, 0), (radius - bar, radius * ratio - bar), float(stop), float(start), 2)
        b.extrude_convex([*outer, *inner], depth, color)
    pane = arc((0, 0), (radius - bar / 2, radius * ratio - bar / 2), 0, end, sides)
    b.extrude_convex(pane if half else pane[:-1], 0.012, glass)
    spokes = int(rng.choice([0, 2, 2, 3, 4]))
    for angle in np.arange(spokes) * np.pi / max(spokes, 1) + (np.pi / (2 * spokes) if half and spokes else 0):
        x, y = (radius - bar) * float(np.cos(angle)), (radius - bar) * ratio * float(np.sin(angle))
        b.rod((0, 0, 0) if half else (-x, -y, 0), (x, y, 0), 0.016, color, 4)
    if half:
        b.box((2 * radius, bar, depth), color, (0, 0, 0))
    return name


def shutter_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Casements with louvered or plain shutters folded to the sides."""
    name, color, glass = _colors(rng)
    _, shutter = pick(rng, PAINT, WOOD)
    width, height = rng.uniform(0.7, 1.3), rng.uniform(0.9, 1.6)
    _outer(b, rng, color, width, height)
    _leaves(b, rng, color, glass, (width, height), int(rng.choice([1, 2])))
    wide, angle = width / 2, rng.uniform(0.0, 0.9)
    louver = chance(rng, 0.6)
    for side in (-1, 1):
        leaf = ShapeBuilder()
        at = (side * wide / 2, height / 2, 0.0)
        frame(leaf, shutter, (wide, height), 0.06, 0.035, at, True)
        if louver:
            for share in np.linspace(0.07, 0.93, 14):
                leaf.box((wide - 0.1, 0.05, 0.01), shutter, (at[0], float(share) * height, 0), (0.6, 0, 0))
        else:
            leaf.box((wide - 0.05, height - 0.05, 0.018), shade(shutter, 0.9), at)
        b.merge(leaf, (side * (width / 2 + 0.06), 0, 0.06), (0, -side * angle, 0))
    return name


def roof_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Tilted skylight with a dark flashing."""
    name, color, glass = _colors(rng)
    _, flashing = pick(rng, METAL)
    width, height, tilt = rng.uniform(0.55, 1.1), rng.uniform(0.8, 1.4), -rng.uniform(0.4, 1.0)
    body = ShapeBuilder()
    frame(body, flashing, (width + 0.2, height + 0.2), 0.1, 0.05, (0, 0, -0.03), True)
    sash(body, color, glass, (width, height), (1, int(rng.choice([1, 1, 2]))), rng.uniform(0.05, 0.09), 0.09, (0, 0, 0))
    b.merge(body, (0, height / 2, 0), (tilt, 0, 0))
    return name


def open_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """One or two leaves standing open in the frame, or a tilted one."""
    name, color, glass = _colors(rng)
    width, height = rng.uniform(0.7, 1.3), rng.uniform(0.8, 1.5)
    _outer(b, rng, color, width, height)
    counts, bar = (1, int(rng.integers(1, 4))), rng.uniform(0.04, 0.08)
    if chance(rng, 0.3):
        leaf = ShapeBuilder()
        hinge = choose(rng, "top", "bottom")
        up = 1 if hinge == "bottom" else -1
        sash(leaf, color, glass, (width, height), counts, bar, 0.05, (0, up * height / 2, 0))
        b.merge(leaf, (0, 0 if hinge == "bottom" else height, 0.03), (up * rng.uniform(0.15, 0.5), 0, 0))
        return name
    for side in (-1, 1):
        leaf = ShapeBuilder()
        sash(leaf, color, glass, (width / 2, height), counts, bar, 0.05, (-side * width / 4, height / 2, 0))
        angle = rng.uniform(0.3, 1.6) if chance(rng, 0.8) else 0.0
        b.merge(leaf, (side * width / 2, 0, 0.03), (0, side * angle, 0))
    return name


def bay_window(b: ShapeBuilder, rng: np.random.Generator) -> str:
    """Three sides projecting from the wall between a sill and a head board."""
    name, color, glass = _colors(rng)
    width, side, height, angle = (
        rng.uniform(0.8, 1.4),
        rng.uniform(0.4, 0.6),
        rng.uniform(1.0, 1.6),
        rng.uniform(0.5, 1.1),
    )
    depth, reach = side * float(np.sin(angle)), side * float(np.cos(angle))
    counts = (1, int(rng.integers(1, 4)))
    sash(b, color, glass, (width, height), (int(rng.choice([1, 2, 3])), counts[1]), 0.06, 0.06, (0, height / 2, depth))
    for sign in (-1, 1):
        leaf = ShapeBuilder()
        sash(leaf, color, glass, (side, height), counts, 0.06, 0.06, (sign * side / 2, height / 2, 0))
        b.merge(leaf, (sign * width / 2, 0, depth), (0, sign * angle, 0))
    outline = [
        (-width / 2 - reach - 0.05, 0.0),
        (width / 2 + reach + 0.05, 0.0),
        (width / 2 + 0.04, depth + 0.07),
        (-width / 2 - 0.04, depth + 0.07),
    ]
    for y in (-0.03, height + 0.03):
        b.extrude(outline, 0.07, color, (0, y, 0), (np.pi / 2, 0, 0))
    return name


SUB_TYPES: dict[str, SubType] = {
    "casement window": casement_window,
    "double window": double_window,
    "french window": french_window,
    "wide window": wide_window,
    "double-hung window": hung_window,
    "sliding window": sliding_window,
    "arched window": arched_window,
    "round window": round_window,
    "window with shutters": shutter_window,
    "roof window": roof_window,
    "open window": open_window,
    "bay window": bay_window,
}
