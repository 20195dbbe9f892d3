"""The label-free comparison of up axes."""

import numpy as np
import pytest
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


def pairs(*, gained: int, lost: int, both: int, neither: int) -> dict[str, np.ndarray]:
    """Agreement of objects with z up, with y up, with both, and with neither."""
    outcomes = np.repeat([[False, True], [True, False], [True, True], [False, False]], [gained, lost, both, neither], 0)
    return {"y": outcomes[:, 0], "z": outcomes[:, 1]}


@pytest.mark.parametrize("count", [1, 3, 9])
def test_few_objects_decide_nothing_however_clear_they_are(count: int) -> None:
    assert better_up_axis(pairs(gained=count, lost=0, both=0, neither=0)) is None
    assert better_drawn_axis({"y": np.zeros(count), "z": np.ones(count)}) is None


def test_objects_are_compared_with_themselves() -> None:
    assert better_drawn_axis({"y": np.zeros(10), "z": np.ones(10)}) == "z"
    assert better_up_axis(pairs(gained=10, lost=0, both=0, neither=0)) == "z"
    assert better_up_axis(pairs(gained=3, lost=0, both=0, neither=7)) is None
    # 11 against 5 of 30 objects, both times.
    assert better_up_axis(pairs(gained=6, lost=0, both=5, neither=19)) == "z"
    assert better_up_axis(pairs(gained=11, lost=5, both=0, neither=14)) is None


@pytest.mark.parametrize("count", [30, 60, 120])
def test_agreement_as_of_the_stored_scans_is_clear(count: int) -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):  # 42 % agree as they should be, 4 % as they lie, independently
        then, now = rng.random((2, count)) < [[0.42], [0.04]]
        found.append(better_up_axis({"y": now, "z": then}))
        assert better_up_axis({"y": then, "z": now}) is None
    assert found.count("z") > 0.95 * len(found)


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
