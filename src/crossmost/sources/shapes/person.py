"""People: a jointed figure with random build, clothes and hair, in many poses."""

from collections.abc import Callable

import numpy as np

from crossmost.sources.shapes.builder import ShapeBuilder, SubType
from crossmost.sources.shapes.figure import SIDES, Figure, Limb, Look, Pose
from crossmost.sources.shapes.palette import FABRIC, HAIR, LEATHER, SKIN, Palette, pick

SUIT: Palette = {"black": (34, 34, 38), "navy": (36, 42, 66), "gray": (92, 94, 100), "brown": (88, 66, 50)}


JEANS: Palette = {
    "blue": (58, 82, 124),
    "navy": (40, 50, 78),
    "gray": (98, 98, 102),
    "khaki": (164, 142, 102),
}


def _look(rng: np.random.Generator, kind: str) -> Look:
    """Random build and clothes for "man", "woman" or "child"."""
    child = kind == "child"
    female = kind == "woman" or (child and rng.random() < 0.5)
    top_name, top = pick(rng, FABRIC)
    _, bottom = pick(rng, JEANS, FABRIC, JEANS)
    skirt = 0.0
    if female and rng.random() < 0.45:
        skirt = rng.uniform(0.16, 0.34)
        if rng.random() < 0.5:
            bottom = top
    height = rng.uniform(1.05, 1.5) if child else rng.uniform(1.56, 1.74) if female else rng.uniform(1.68, 1.92)
    styles = ["long", "bob", "bun", "tail", "short"] if female else ["short", "short", "short", "bald", "cap", "bob"]
    return Look(
        height,
        female,
        child,
        rng.uniform(0.88, 1.15),
        pick(rng, SKIN)[1],
        pick(rng, HAIR)[1],
        top,
        bottom,
        pick(rng, LEATHER, FABRIC)[1],
        top_name,
        float(rng.choice([0.5, 1.0, 1.95, 1.95, 0.1 if female else 1.95])),
        0.0 if skirt and rng.random() < 0.6 else float(rng.choice([0.8, 1.2, 2.0, 2.0, 2.0, 2.0])),
        skirt,
        False,
        pick(rng, FABRIC)[1] if rng.random() < 0.3 else None,
        str(rng.choice(styles)),
        (pick(rng, {"white": (238, 238, 236)}, FABRIC)[1], pick(rng, FABRIC)[1]),
    )


def _both(x: float, y: float, z: float) -> Limb:
    return dict.fromkeys(SIDES, (x, y, z))


def _arm_pose(rng: np.random.Generator) -> tuple[Limb, Limb]:
    """One of the ways people hold their arms while upright, each arm on its own now and then."""
    ways: list[tuple[tuple[float, float, float], tuple[float, float, float]]] = [
        ((0.22, -1, 0), (0.08, -1, 0.2)),
        ((0.3, -1, -0.05), (0.1, -1, 0.3)),
        ((0.75, -1, -0.15), (-0.75, -0.55, 0.3)),
        ((0.25, -1, 0.2), (-1, 0.15, 0.55)),
        ((0.4, -1, -0.2), (-0.15, -1, 0.3)),
        ((0.25, -1, 0.15), (-0.15, 0.05, 1)),
        ((0.7, -1, 0), (0.5, -1, 0.1)),
        ((0.8, -0.1, 0.4), (-0.5, 1, 0.1)),
        ((0.35, -1, -0.35), (-0.6, -0.8, -0.15)),
    ]
    first = int(rng.integers(len(ways)))
    second = first if rng.random() < 0.6 else int(rng.integers(len(ways)))
    noise = rng.normal(0, 0.06, (4, 3))
    picks = {-1.0: ways[first], 1.0: ways[second]}
    upper = {side: tuple(np.add(picks[side][0], noise[index])) for index, side in enumerate(SIDES)}
    fore = {side: tuple(np.add(picks[side][1], noise[index + 2])) for index, side in enumerate(SIDES)}
    return upper, fore


def _vary(rng: np.random.Generator, limb: Limb, amount: float = 0.08) -> Limb:
    return {side: tuple(np.add(vector, rng.normal(0, amount, 3))) for side, vector in limb.items()}


def _standing(rng: np.random.Generator) -> Pose:
    upper, fore = _arm_pose(rng)
    stance = rng.uniform(0.02, 0.18)
    legs = {side: (stance, -1.0, rng.uniform(-0.06, 0.12)) for side in SIDES}
    shins = {side: (stance * 0.5, -1.0, -rng.uniform(0, 0.12)) for side in SIDES}
    return Pose(legs, shins, upper, fore, rng.normal(0, 0.05), rng.normal(0, 0.12))


def _spread(rng: np.random.Generator) -> Pose:
    rise = rng.uniform(-0.8, 0.05)
    arm = _both(1.0, rise, 0)
    stance = rng.uniform(0.03, 0.2)
    return Pose(_both(stance, -1, 0), _both(stance, -1, -0.03), arm, _both(1.0, rise * rng.uniform(0.8, 1.3), 0.06))


def _walking(rng: np.random.Generator) -> Pose:
    stride, ahead = rng.uniform(0.25, 0.7), float(rng.choice(SIDES))
    thigh: Limb = {ahead: (0.03, -1, stride), -ahead: (0.03, -1, -stride * 0.7)}
    shin: Limb = {ahead: (0.02, -1, stride * 0.2), -ahead: (0.02, -1, -stride * rng.uniform(1.0, 1.6))}
    upper: Limb = {ahead: (0.25, -1, -stride * 0.8), -ahead: (0.25, -1, stride * 0.7)}
    bend = rng.uniform(0.1, 1.0)
    fore: Limb = {ahead: (0.05, -1, bend * 0.3), -ahead: (0.0, -1, stride + bend)}
    return Pose(thigh, shin, upper, fore, rng.uniform(0, 0.2))


def _sitting(rng: np.random.Generator) -> Pose:
    spread = rng.uniform(0.05, 0.35)
    thigh = _vary(rng, _both(spread, rng.uniform(-0.2, 0.1), 1), 0.05)
    shin = _vary(rng, _both(rng.uniform(-0.1, 0.1), -1, rng.uniform(-0.25, 0.5)), 0.06)
    if rng.random() < 0.35:
        side = float(rng.choice(SIDES))
        thigh[side], shin[side] = (-0.25, 0.22, 1), (-0.1 if rng.random() < 0.5 else -0.7, -0.7, 0.45)
    upper, fore = _both(0.3, -1, 0.35), _both(-0.15, -0.45, 1)
    if rng.random() < 0.5:
        upper, fore = _arm_pose(rng)
    return Pose(thigh, shin, _vary(rng, upper), _vary(rng, fore), rng.uniform(-0.25, 0.3), rng.normal(0, 0.15))


def _floor(rng: np.random.Generator) -> Pose:
    way = int(rng.integers(4))
    upper, fore = _both(0.4, -1, 0.5), _both(0.0, -0.3, 1)
    lean = rng.uniform(-0.1, 0.35)
    if way == 0:
        thigh, shin = _both(0.85, -0.1, 0.7), _both(-1, -0.25, 0.2)
    elif way == 1:
        thigh, shin = _both(0.2, 0.65, 0.8), _both(0.05, -1, 0.3)
        upper, fore = _both(0.3, -0.6, 0.8), _both(-0.6, -0.1, 0.8)
    elif way == 2:
        lean = -rng.uniform(0.2, 0.6)
        thigh, shin = _both(0.15, 0.15, 1), _both(0.05, -0.3, 1)
        upper, fore = _both(0.3, -1, -0.6), _both(0.1, -1, -0.3)
    else:
        side = float(rng.choice(SIDES))
        thigh = {side: (0.15, 0.7, 0.8), -side: (0.6, -0.1, 0.9)}
        shin = {side: (0.05, -1, 0.2), -side: (-0.7, -0.15, 0.3)}
    return Pose(_vary(rng, thigh), _vary(rng, shin), _vary(rng, upper), _vary(rng, fore), lean, rng.normal(0, 0.15))


def _lying(rng: np.random.Generator) -> Pose:
    yaw = float(rng.choice([0, np.pi / 2, np.pi])) + rng.normal(0, 0.2)
    if rng.random() < 0.5:
        upper, fore = _vary(rng, _both(0.35, -0.2, 1), 0.1), _vary(rng, _both(-0.2, 1, 0.15), 0.2)
        shin = {side: (0.05, -1.0, -rng.uniform(0, 1.6)) for side in SIDES}
        return Pose(
            _both(0.12, -1, 0),
            shin,
            upper,
            fore,
            -rng.uniform(0.15, 0.5),
            -rng.uniform(0.1, 0.5),
            (np.pi / 2, yaw, 0),
        )
    upper, fore = _vary(rng, _both(0.5, -1, -0.05)), _vary(rng, _both(0.2, -1, 0.1))
    thigh, shin = _vary(rng, _both(0.2, -1, 0.0)), _vary(rng, _both(0.05, -1, -0.02))
    if rng.random() < 0.5:
        side = float(rng.choice(SIDES))
        thigh[side], shin[side] = (0.1, -0.8, 0.8), (0.05, -0.7, -0.7)
    if rng.random() < 0.4:
        upper, fore = _both(1, 0.6, 0), _both(-0.9, 0.5, 0)
    return Pose(thigh, shin, upper, fore, rng.uniform(0, 0.3), 0.0, (-np.pi / 2, yaw, 0))


def _kind(who: str, *poses: Callable[[np.random.Generator], Pose]) -> SubType:
    def draw(builder: ShapeBuilder, rng: np.random.Generator) -> str:
        look = _look(rng, who if who != "anyone" else str(rng.choice(["man", "woman", "child"], p=[0.42, 0.42, 0.16])))
        return Figure(builder, rng, look, poses[int(rng.integers(len(poses)))](rng)).draw()

    return draw


def suited(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """A man in a suit: jacket, shirt, tie."""
    look = _look(rng, "man")
    name, cloth = pick(rng, SUIT)
    look.suit, look.top, look.top_name, look.sleeve = True, cloth, name, 1.95
    look.bottom, look.trouser = (cloth, 2.0) if rng.random() < 0.7 else (look.bottom, 2.0)
    return (
        Figure(builder, rng, look, (_standing, _walking, _sitting)[int(rng.choice(3, p=[0.6, 0.2, 0.2]))](rng)).draw()
        and name
    )


def woman_in_skirt(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """A woman in a skirt or a dress."""
    look = _look(rng, "woman")
    look.skirt, look.trouser = rng.uniform(0.15, 0.42), 0.0
    if rng.random() < 0.5:
        look.bottom = look.top
    return Figure(builder, rng, look, (_standing, _standing, _walking)[int(rng.integers(3))](rng)).draw()


def mannequin(builder: ShapeBuilder, rng: np.random.Generator) -> str:
    """Mannequin: arms away from the body, plain or of one color."""
    look = _look(rng, str(rng.choice(["man", "woman"])))
    if rng.random() < 0.35:
        name, plain = pick(
            rng,
            {
                "white": (232, 230, 226),
                "beige": (214, 184, 150),
                "black": (40, 40, 42),
                "gray": (150, 150, 152),
            },
        )
        look.skin = look.top = look.bottom = look.shoe = plain
        look.top_name, look.stripe, look.hair_style = name, None, "bald"
    return Figure(builder, rng, look, _spread(rng)).draw()


SUB_TYPES: dict[str, SubType] = {
    "standing man": _kind("man", _standing),
    "standing woman": _kind("woman", _standing),
    "man in a suit": suited,
    "woman in a skirt": woman_in_skirt,
    "walking person": _kind("anyone", _walking),
    "sitting person": _kind("anyone", _sitting),
    "person sitting on the floor": _kind("anyone", _floor),
    "lying person": _kind("anyone", _lying),
    "child": _kind("child", _standing, _standing, _walking, _sitting),
    "mannequin": mannequin,
}
