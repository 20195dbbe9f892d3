"""Which way a source's objects stand, and how they are turned into the frame of this project: y up, front +z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, get_args

import numpy as np

Axis = Literal["x", "-x", "y", "-y", "z", "-z"]
AXES: tuple[Axis, ...] = get_args(Axis)

_USUAL_FRONT: dict[Axis, Axis] = {"x": "z", "-x": "z", "y": "z", "-y": "z", "z": "-y", "-z": "y"}


class HasAxes(Protocol):
    """Settings that say which way files stand."""

    @property
    def up(self) -> Axis:
        """The axis that points up."""

    @property
    def front(self) -> Axis | None:
        """The axis that fronts face, or None for the usual one."""


AnySettings = TypeVar("AnySettings", bound=HasAxes)


@dataclass(frozen=True)
class Frame:
    """The axes of a source.

    Args:
        up: The axis that points up.
        front: The axis that the front of objects faces; None takes the usual one (+z for y up, −y for z up).

    Raises:
        ValueError: if up and front are not at right angles.
    """

    up: Axis = "y"
    front: Axis | None = None

    def __post_init__(self) -> None:
        if self.front is not None and self.front[-1] == self.up[-1]:
            raise ValueError(f"up is {self.up} and front is {self.front}; they must be at right angles")

    def rotation(self) -> np.ndarray:
        """(3, 3) float64 that turns column vectors of this frame into y up, front +z; right-handed."""
        up, front = _unit(self.up), _unit(self.front or _USUAL_FRONT[self.up])
        return np.stack([np.cross(up, front), up, front])

    @property
    def is_canonical(self) -> bool:
        """Whether there is nothing to turn."""
        return bool((self.rotation() == np.eye(3)).all())


def fitting_axes(settings: AnySettings) -> AnySettings:
    """The settings, if their axes make a frame; a validator for models.

    Raises:
        ValueError: if up and front are not at right angles.
    """
    Frame(settings.up, settings.front)
    return settings


def _unit(axis: Axis) -> np.ndarray:
    return np.eye(3)["xyz".index(axis[-1])] * (-1.0 if axis[0] == "-" else 1.0)
