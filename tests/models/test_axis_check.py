"""The label-free comparison of up axes."""

import numpy as np
import torch
from torch import Tensor

from crossmost.models.axis_check import (
    agreement_by_up_axis,
    better_drawn_axis,
    better_up_axis,
    drawn_agreement_by_up_axis,
)
from crossmost.models.joint import JointModel
from crossmost.pose import TURNS
from tests.models.procedural import CLASSES, N_OBJECTS, NORMALIZATION

TRUTH = torch.arange(N_OBJECTS) % len(CLASSES)


def best_axis(model: JointModel, clouds: np.ndarray, labels: Tensor) -> str | None:
    return better_up_axis(agreement_by_up_axis(model, clouds, labels, n_points=512, batch_size=16))


def test_pictures_say_which_axis_of_the_clouds_is_up(model: JointModel, upright: np.ndarray) -> None:
    assert best_axis(model, upright, TRUTH) is None
    assert best_axis(model, upright @ np.array(TURNS["x"], dtype=np.float32), TRUTH) == "x"
    assert torch.is_inference_mode_enabled() is False


def shares(values: dict[str, float], count: int) -> dict[str, np.ndarray]:
    """Agreement of so many objects."""
    return {axis: np.arange(count) < share * count for axis, share in values.items()}


def test_small_or_uncertain_gains_are_no_reason_to_warn() -> None:
    assert better_up_axis(shares({"y": 0.50, "z": 0.58}, 1000)) is None
    assert better_up_axis(shares({"y": 0.50, "z": 0.65}, 20)) is None
    assert better_up_axis(shares({"y": 0.50, "z": 0.65}, 200)) == "z"
    assert better_up_axis(shares({"y": 0.50, "z": 0.40}, 200)) is None


def test_drawn_pictures_show_what_confused_ones_do_not(model: JointModel, upright: np.ndarray) -> None:
    lying = upright @ np.array(TURNS["z"], dtype=np.float32)
    confused = torch.arange(N_OBJECTS) // 8 % len(CLASSES)
    assert best_axis(model, lying, confused) is None
    assert better_drawn_axis(drawn_agreement_by_up_axis(model, lying, n_points=512, **NORMALIZATION)) == "z"


def test_a_gain_on_a_few_objects_is_no_reason_to_warn() -> None:
    base = np.full(24, 0.2)
    one_object = base + np.eye(24)[0] * 4
    assert better_drawn_axis({"y": base, "z": one_object}) is None
    assert better_drawn_axis({"y": base, "z": base + 0.1}) is None
    assert better_drawn_axis({"y": base, "z": base + 0.2}) == "z"
    assert better_drawn_axis({"y": base[:1], "z": base[:1] + 0.5}) is None
