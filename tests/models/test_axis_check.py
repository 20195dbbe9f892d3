"""The label-free check of the up axis."""

import logging

import numpy as np
import pandas as pd
import pytest
import torch
from open_clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

from crossmost.collection import Collection
from crossmost.geometry.normalize import normalize_cloud
from crossmost.geometry.sampling import sample_surface
from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.axis_check import (
    TURNS,
    agreement_by_up_axis,
    better_drawn_axis,
    better_up_axis,
    drawn_agreement_by_up_axis,
    warn_about_up_axis,
)
from crossmost.models.checkpoints.assembly import StartingPoint
from crossmost.models.encoders import Encoders
from crossmost.models.joint import JointModel
from crossmost.models.zeroshot_model import zeroshot_model
from crossmost.sources.shapes.generator import generate_shape
from tests.tiny_run import PROJECT

NORMALIZATION = {"image_mean": OPENAI_DATASET_MEAN, "image_std": OPENAI_DATASET_STD}
CLASSES = ["chair", "bottle", "table", "car", "bed", "tree"]


@pytest.fixture(scope="module")
def model() -> JointModel:
    mini = CheckpointDataset(filepath=str(PROJECT / "data/06_models/mini_encoders")).load()
    start = StartingPoint(Encoders.from_checkpoint(mini).eval(), mini.card)
    return zeroshot_model(start, CLASSES, ["a {}.", "a point cloud of a {}."])


@pytest.fixture(scope="module")
def upright() -> Collection:
    """Clean procedural objects, which the mini encoders know well."""
    clouds = []
    for number in range(48):
        mesh = generate_shape(CLASSES[number % len(CLASSES)], 70_000 + number).mesh
        clouds.append(normalize_cloud(sample_surface(mesh, 512, np.random.default_rng(number))))
    views = np.zeros((48, 1, 8, 8, 3), dtype=np.uint8)  # not looked at
    return Collection(tuple(f"o{number}" for number in range(48)), views, np.stack(clouds))


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    """Pictures that name the right class."""
    rows = [(f"o{number}", "image", np.eye(len(CLASSES))[number % len(CLASSES)]) for number in range(48)]
    return pd.DataFrame(rows, columns=["object_id", "view", "probabilities"])


def test_turns_are_rotations_that_bring_the_axis_up() -> None:
    for axis, turn in TURNS.items():
        matrix = np.array(turn)
        assert np.linalg.det(matrix) == pytest.approx(1)
        direction = np.zeros(3)
        direction["xyz".index(axis[-1])] = -1 if axis.startswith("-") else 1
        np.testing.assert_array_equal(matrix @ direction, [0, 1, 0])


def test_upright_objects_raise_no_warning(
    model: JointModel, upright: Collection, scores: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        warn_about_up_axis(model, upright, scores, n_points=512, batch_size=16, **NORMALIZATION)
    assert not caplog.records


def test_objects_with_z_up_are_noticed(
    model: JointModel, upright: Collection, scores: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    lying = Collection(
        upright.object_ids, upright.views, np.asarray(upright.clouds) @ np.array(TURNS["z"], dtype=np.float32)
    )
    agreement = agreement_by_up_axis(model, lying, scores, n_points=512, batch_size=16)
    assert max(agreement, key=lambda axis: agreement[axis]) == "z"
    with caplog.at_level(logging.WARNING):
        warn_about_up_axis(model, lying, scores, n_points=512, batch_size=16, **NORMALIZATION)
    assert "as if z were up" in caplog.text
    assert torch.is_inference_mode_enabled() is False


def test_small_or_uncertain_gains_are_no_reason_to_warn() -> None:
    assert better_up_axis({"y": 0.50, "z": 0.58}, 1000) is None
    assert better_up_axis({"y": 0.50, "z": 0.65}, 20) is None
    assert better_up_axis({"y": 0.50, "z": 0.65}, 200) == "z"
    assert better_up_axis({"y": 0.50, "z": 0.40}, 200) is None


def test_objects_whose_pictures_lie_down_with_them_are_noticed(
    model: JointModel, upright: Collection, scores: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    lying = Collection(
        upright.object_ids, upright.views, np.asarray(upright.clouds) @ np.array(TURNS["z"], dtype=np.float32)
    )
    confused = scores.assign(probabilities=[np.eye(len(CLASSES))[number // 8 % 6] for number in range(48)])
    stored = agreement_by_up_axis(model, lying, confused, n_points=512, batch_size=16)
    assert better_up_axis(stored, 48) is None
    with caplog.at_level(logging.WARNING):
        warn_about_up_axis(model, lying, confused, n_points=512, batch_size=16, **NORMALIZATION)
    assert "as if z were up" in caplog.text


def test_upright_objects_are_drawn_best_as_they_are(model: JointModel, upright: Collection) -> None:
    drawn = drawn_agreement_by_up_axis(model, upright, n_points=512, **NORMALIZATION)
    assert max(drawn, key=lambda axis: float(drawn[axis].mean())) == "y"
    assert better_drawn_axis(drawn) is None


def test_a_gain_on_a_few_objects_is_no_reason_to_warn() -> None:
    base = np.full(24, 0.2)
    one_object = base + np.eye(24)[0] * 4
    assert better_drawn_axis({"y": base, "z": one_object}) is None
    assert better_drawn_axis({"y": base, "z": base + 0.1}) is None
    assert better_drawn_axis({"y": base, "z": base + 0.2}) == "z"
    assert better_drawn_axis({"y": base[:1], "z": base[:1] + 0.5}) is None
