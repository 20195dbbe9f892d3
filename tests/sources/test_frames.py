import numpy as np
import pytest

from crossmost.sources.frames import AXES, Axis, Frame


@pytest.mark.parametrize("up", AXES)
@pytest.mark.parametrize("front", AXES)
def test_up_becomes_y_and_front_becomes_z_without_mirroring(up: Axis, front: Axis) -> None:
    if up[-1] == front[-1]:
        with pytest.raises(ValueError, match="right angles"):
            Frame(up, front)
        return
    rotation = Frame(up, front).rotation()
    axis = {name: np.eye(3)["xyz".index(name[-1])] * (-1 if name[0] == "-" else 1) for name in AXES}
    np.testing.assert_array_equal(rotation @ axis[up], [0, 1, 0])
    np.testing.assert_array_equal(rotation @ axis[front], [0, 0, 1])
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.parametrize("up", AXES)
def test_up_alone_is_enough(up: Axis) -> None:
    turned = Frame(up).rotation() @ np.eye(3)["xyz".index(up[-1])]
    assert abs(turned[1]) == 1


def test_only_y_up_front_z_needs_no_turn() -> None:
    assert Frame().is_canonical and Frame("y", "z").is_canonical
    assert not Frame("z").is_canonical and not Frame("y", "x").is_canonical


@pytest.mark.parametrize(("up", "front"), [("x", "z"), ("-x", "z"), ("y", "z"), ("-y", "z"), ("z", "-y"), ("-z", "y")])
def test_the_usual_front(up: Axis, front: Axis) -> None:
    np.testing.assert_array_equal(Frame(up).rotation(), Frame(up, front).rotation())
