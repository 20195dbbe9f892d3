"""The axes of new files, as the model that will see them knows better."""

from crossmost.pose import TURNS
from crossmost.sources.frames import AXES, Axis, Frame


def corrected_frame(frame: Frame, stored_axis: str) -> Frame:
    """The frame that turns files as ``frame`` does, and then brings an axis of the result up.

    Pictures of new objects are drawn after that, so that they stand upright together with the clouds.

    Args:
        frame: the axes that were given, as for the objects that the model was adapted to.
        stored_axis: what was found to be up in clouds that were stored with such axes; ``y`` changes nothing.
    """
    _, up, front = (_axis(tuple(row)) for row in TURNS[stored_axis] @ frame.rotation())
    return Frame(up, front)


def _axis(direction: tuple[float, float, float]) -> Axis:
    return next(axis for axis in AXES if tuple(Frame(axis).rotation()[1]) == direction)
