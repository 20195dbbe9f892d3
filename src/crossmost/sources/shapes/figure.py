"""A jointed human figure: draws a look (build, clothes, hair) in a pose."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

from dataclasses import dataclass, field

import numpy as np
import trimesh
from numpy.typing import ArrayLike

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.palette import shade
from crossmost.sources.shapes.solids import Points, spline, sweep

SIDES = (-1.0, 1.0)


Limb = dict[float, tuple[float, float, float]]


@dataclass
class Pose:
    """Directions of the bones, one per side (−1 right, +1 left of the canonical frame); x is outward."""

    thigh: Limb
    shin: Limb
    upper_arm: Limb
    forearm: Limb
    lean: float = 0.0
    nod: float = 0.0
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass
class Look:
    """Build and clothes. Lengths are shares of the height unless said otherwise."""

    height: float
    """Metres."""
    female: bool
    child: bool
    girth: float
    skin: Color
    hair: Color
    top: Color
    bottom: Color
    shoe: Color
    top_name: str
    sleeve: float
    """Share of the arm that is covered, 0 to 2 (1 is the elbow)."""
    trouser: float
    """Share of the leg that is covered, 0 to 2 (1 is the knee)."""
    skirt: float
    """Length of a skirt below the waist; 0 for none."""
    suit: bool = False
    stripe: Color | None = None
    hair_style: str = "short"
    accents: tuple[Color, Color] = field(default=((236, 236, 236), (120, 30, 34)))


def _unit(vector: ArrayLike) -> Points:
    array = np.asarray(vector, dtype=float)
    return array / max(float(np.linalg.norm(array)), 1e-9)


class Figure:
    """Draws one person from a look and a pose."""

    def __init__(self, builder: ShapeBuilder, rng: np.random.Generator, look: Look, pose: Pose) -> None:
        self.builder, self.rng, self.look, self.pose = builder, rng, look, pose
        self.size = look.height
        self.rotation = trimesh.transformations.euler_matrix(*pose.turn, axes="sxyz")[:3, :3]
        self.up = np.array([0.0, np.cos(pose.lean), np.sin(pose.lean)])
        self.front = np.array([0.0, -np.sin(pose.lean), np.cos(pose.lean)])
        self.wide = look.girth * (0.92 if look.female else 1.04) * (0.98 if look.child else 1.0)

    def draw(self) -> str:
        self._legs()
        self._torso()
        self._arms()
        self._head()
        return self.look.top_name

    def _put(
        self,
        path: ArrayLike,
        radii: ArrayLike,
        color: Color,
        sections: int = 10,
        side: ArrayLike | None = None,
    ) -> None:
        mesh = sweep(np.asarray(path) * self.size, np.asarray(radii) * self.size, sections, side)
        self.builder.add(mesh, color, turn=self.pose.turn)

    def _ball(self, center: ArrayLike, radii: tuple[float, float, float], color: Color, tilt: float = 0.0) -> None:
        size = (radii[0] * self.size, radii[1] * self.size, radii[2] * self.size)
        # The tilt is about x, the first of the pose's extrinsic rotations, so that the angles add up.
        turn = (self.pose.turn[0] + tilt, self.pose.turn[1], self.pose.turn[2])
        self.builder.ellipsoid(size, color, tuple(self._turned(np.asarray(center) * self.size)), turn)

    def _turned(self, point: Points) -> Points:
        return self.rotation @ point

    def _limb(
        self,
        start: Points,
        middle: Points,
        end: Points,
        radii: tuple[float, float, float],
        skin: Color,
        cloth: Color,
        cover: float,
    ) -> None:
        """Two bones with a round joint; the cloth covers ``cover`` of them (1 is the joint, 2 the end)."""
        for index, (a, b, thick, thin) in enumerate(
            [(start, middle, radii[0], radii[1]), (middle, end, radii[1], radii[2])]
        ):
            bulge = [thick * 0.95, thick * 1.02, (thick + thin) * 0.54, thin]
            if index == 1:
                bulge = [thick * 0.95, thick * 1.05, thick * 0.9, thin]
            path = a + (b - a) * np.array([0, 0.25, 0.55, 1.0])[:, None]
            covered = float(np.clip(cover - index, 0, 1))
            if covered < 0.99:
                self._put(path, bulge, skin, 8)
            if covered > 0.02:
                places = np.linspace(0, covered, 5)
                loose = np.interp(places, [0, 0.25, 0.55, 1.0], bulge) * 1.1 + 0.002
                if index == 1:
                    loose = np.maximum(loose, thick * self.loose)
                self._put(a + (b - a) * places[:, None], loose, cloth, 8)
        self._ball(middle, (radii[1] * 1.04,) * 3, cloth if cover >= 1 else skin)

    def _legs(self) -> None:
        look = self.look
        self.loose = self.rng.uniform(0.6, 1.15) if look.female else self.rng.uniform(0.85, 1.2)
        self.hip = np.array([0.0, 0.52 if not look.child else 0.49, 0.0])
        skin = look.skin if look.trouser or self.rng.random() < 0.4 else shade(look.bottom, 0.6)
        for side in SIDES:
            outward = np.array([side, 1.0, 1.0])
            start = self.hip + [side * 0.05 * self.wide, -0.01, 0]
            knee = start + _unit(np.asarray(self.pose.thigh[side]) * outward) * 0.235 * (self.hip[1] / 0.52)
            direction = _unit(np.asarray(self.pose.shin[side]) * outward)
            ankle = knee + direction * 0.235 * (self.hip[1] / 0.52)
            thick = 0.05 * self.wide
            self._limb(start, knee, ankle, (thick, thick * 0.66, thick * 0.44), skin, look.bottom, look.trouser)
            ahead = np.array([side * 0.2, 0.0, 1.0])
            forward = _unit(ahead - direction * (ahead @ direction) + 1e-6)
            sole = ankle + direction * 0.022
            path = [
                sole - forward * 0.03,
                sole,
                sole + forward * 0.05 + direction * 0.006,
                sole + forward * 0.105 + direction * 0.01,
            ]
            across = np.cross(direction, forward)
            self._put(path, [[0.02, 0.02], [0.026, 0.028], [0.027, 0.019], [0.016, 0.01]], look.shoe, 8, across)
        if look.skirt and self.pose.thigh[1.0][1] < -0.6:
            drop = look.skirt
            flare = self.rng.uniform(0.09, 0.15)
            path = self.hip + np.array([[0, 0.06, 0], [0, 0, 0], [0, -drop * 0.5, 0], [0, -drop, 0]])
            radii = [[0.08, 0.062], [0.102, 0.08], [0.1 + (flare - 0.1) * 0.5, 0.09], [flare, flare * 0.85]]
            self._put(path, np.asarray(radii) * self.wide, look.bottom, 14, (1, 0, 0))

    def _torso(self) -> None:
        look, wide = self.look, self.wide
        self.length = 0.3 if not look.child else 0.285
        shares = np.array([-0.17, 0.0, 0.18, 0.36, 0.58, 0.76, 0.9, 0.98])
        lateral = np.array([0.062, 0.096, 0.093, 0.085, 0.1, 0.112, 0.094, 0.042])
        depth = np.array([0.045, 0.066, 0.066, 0.06, 0.07, 0.07, 0.054, 0.036])
        if look.female:
            lateral = np.array([0.062, 0.102, 0.09, 0.072, 0.088, 0.098, 0.084, 0.036])
            depth = np.array([0.045, 0.074, 0.064, 0.052, 0.064, 0.062, 0.05, 0.033])
        fine = np.linspace(-0.17, 0.98, 19)
        spine = self.hip + fine[:, None] * self.length * (
            self.up * np.clip(fine, 0, 1)[:, None] + np.array([0, 1, 0]) * (1 - np.clip(fine, 0, 1))[:, None]
        )
        radii = np.column_stack([np.interp(fine, shares, lateral), np.interp(fine, shares, depth)]) * wide
        self.chest = spine[-2]
        waist = int(self.rng.integers(3, 7))
        self._put(spine[: waist + 1], radii[: waist + 1], look.bottom, 14, (1, 0, 0))
        shirt_radii = radii[waist:] * 1.03
        if look.suit or self.rng.random() < 0.3:
            low = max(2, waist - 4)
            self._put(spine[low : waist + 2], radii[low : waist + 2] * 1.1, look.top, 14, (1, 0, 0))
        if look.stripe is None or look.suit:
            self._put(spine[waist:], shirt_radii, look.top, 14, (1, 0, 0))
        else:
            rows = range(waist, len(spine) - 1)
            for row in rows:
                color = look.top if row % 2 else look.stripe
                self._put(spine[row : row + 2], shirt_radii[row - waist : row - waist + 2], color, 14, (1, 0, 0))
        top = self.hip + self.up * self.length
        if look.female and not look.child:
            bust = self.rng.uniform(0.026, 0.036)
            for side in SIDES:
                place = self.hip + self.up * self.length * 0.68 + self.front * 0.044 * wide + [side * 0.042, 0, 0]
                self._ball(place, (bust * 1.1, bust, bust), look.top)
        if look.suit:
            white, tie = look.accents
            button = self.hip + self.up * self.length * 0.5 + self.front * 0.066 * wide
            high = self.hip + self.up * self.length * 0.95 + self.front * 0.048 * wide
            middle = self.hip + self.up * self.length * 0.76 + self.front * 0.068 * wide
            self._put(
                np.array([button, middle, high]), [[0.004, 0.012], [0.024, 0.012], [0.032, 0.012]], white, 8, (1, 0, 0)
            )
            if not look.female or self.rng.random() < 0.3:
                self._put(
                    np.array([button, middle, high]),
                    [[0.004, 0.016], [0.012, 0.016], [0.009, 0.016]],
                    tie,
                    6,
                    (1, 0, 0),
                )
        self.neck = top

    def _arms(self) -> None:
        look, wide = self.look, self.wide
        for side in SIDES:
            outward = np.array([side, 1.0, 1.0])
            upper = _unit(np.asarray(self.pose.upper_arm[side]) * outward)
            fore = _unit(np.asarray(self.pose.forearm[side]) * outward)
            start = (
                self.hip + self.up * self.length * 0.875 + [side * (0.102 if not look.female else 0.09) * wide, 0, 0]
            )
            elbow = start + upper * 0.165
            wrist = elbow + fore * 0.145
            thick = (0.034 if not look.female else 0.028) * wide
            self._ball(start, (thick * 1.15, thick * 1.1, thick * 1.1), look.top)
            self._limb(start, elbow, wrist, (thick, thick * 0.8, thick * 0.52), look.skin, look.top, look.sleeve)
            across = np.cross(fore, [1.0, 0.0, 0.0]) if abs(fore[0]) < 0.9 else np.array([0.0, 0.0, 1.0])
            path = [wrist - fore * 0.008, wrist + fore * 0.025, wrist + fore * 0.055, wrist + fore * 0.088]
            self._put(path, [[0.013, 0.011], [0.023, 0.012], [0.02, 0.01], [0.009, 0.006]], look.skin, 8, across)

    def _head(self) -> None:
        look = self.look
        scale = 1.3 if look.child else self.rng.uniform(0.95, 1.08)
        tilt = self.pose.lean * 0.5 + self.pose.nod
        up = np.array([0.0, np.cos(tilt), np.sin(tilt)])
        front = np.array([0.0, -np.sin(tilt), np.cos(tilt)])
        neck_top = self.neck + up * 0.035
        self._put(
            [self.neck - self.up * 0.03, self.neck, neck_top + up * 0.01],
            [0.034, 0.028, 0.027],
            look.skin,
            10,
        )
        center = neck_top + up * 0.052 * scale + front * 0.008

        def at(x: float, y: float, z: float) -> Points:
            return center + (up * y + front * z) * scale + np.array([x * scale, 0, 0])

        self._ball(center, (0.041 * scale, 0.055 * scale, 0.05 * scale), look.skin, tilt)
        self._ball(at(0, -0.03, 0.014), (0.029 * scale, 0.031 * scale, 0.033 * scale), look.skin, tilt)
        self._ball(at(0, -0.008, 0.052), (0.007 * scale, 0.012 * scale, 0.01 * scale), look.skin, tilt)
        for side in SIDES:
            self._ball(at(side * 0.016, 0.008, 0.044), (0.006, 0.004, 0.004), (50, 40, 36))
            self._ball(at(side * 0.041, -0.004, 0.0), (0.006, 0.013, 0.009), look.skin)
        style = look.hair_style
        if style == "bald":
            return
        self._ball(
            at(0, 0.013, -0.009),
            (0.046 * scale, 0.053 * scale, 0.05 * scale),
            look.hair if style != "cap" else look.accents[1],
            tilt,
        )
        if style == "cap":
            self._ball(at(0, 0.035, 0.045), (0.035 * scale, 0.006, 0.035 * scale), look.accents[1], tilt)
        drop = {"long": 0.13, "bob": 0.06, "tail": 0.1, "bun": 0.0, "short": 0.0, "cap": 0.0}[style] * self.rng.uniform(
            0.8, 1.3
        )
        if style in ("long", "bob"):
            back = [
                at(0, 0.03, -0.022),
                at(0, -0.02, -0.028),
                at(0, -0.02, -0.03) - up * drop * 0.6,
                at(0, -0.02, -0.024) - up * drop,
            ]
            self._put(
                back,
                np.array([[0.036, 0.03], [0.048, 0.036], [0.05, 0.03], [0.034, 0.014]]) * scale,
                look.hair,
                10,
                (1, 0, 0),
            )
        elif style == "tail":
            self._put(
                spline([at(0, 0.035, -0.045), at(0, 0.02, -0.08), at(0, -0.03, -0.08) - up * drop], 7),
                [0.012, 0.017, 0.02, 0.02, 0.018, 0.012, 0.004],
                look.hair,
                8,
            )
        elif style == "bun":
            self._ball(at(0, 0.045, -0.045), (0.022 * scale,) * 3, look.hair)
