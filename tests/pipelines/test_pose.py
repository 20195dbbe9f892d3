"""The check of poses as a node, and what its correction reaches."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from crossmost.collection import Collection
from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.joint import JointModel
from crossmost.models.joint_checkpoint import joint_card, save_joint
from crossmost.models.picture_check import PictureSizes
from crossmost.models.pose_check import PoseFindings
from crossmost.pipelines import scoring
from crossmost.pipelines.prediction import nodes as prediction
from crossmost.pipelines.prediction.parameters import PredictionParameters
from crossmost.pipelines.rendering.parameters import RenderingParameters
from crossmost.pipelines.selftraining import nodes as selftraining
from crossmost.pipelines.zeroshot import nodes as zeroshot
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.pipelines.zeroshot.pipeline import create_pipeline
from crossmost.pose import TURNS, PoseCorrection
from crossmost.shards import ShardStore, ShardWork
from crossmost.sources.frames import Frame
from tests.small_scores import make_scores
from tests.test_pose import Ball, ball, make_cloud, make_views, with_outliers

POSE = PoseCorrection(up="z", drop_outliers=True)


class Handed(Exception):
    """Ends a node where it hands its collection over."""


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[ShardStore, ShardStore]:
    folder = tmp_path_factory.mktemp("stores")
    items = [Ball("a", ball(0)), Ball("b", with_outliers(ball(1), [1], 9.0))]
    views = ShardWork({"0": items}, make_views, "0", "testing", n_jobs=1).write(folder / "views")
    return views, ShardWork({"0": items}, make_cloud, "0", "testing", n_jobs=1).write(folder / "clouds")


@pytest.fixture(scope="module")
def model() -> Checkpoint:
    encoders = Encoders(mini_config())
    card = joint_card(encoders.card({}), ["x", "y"], method="zeroshot")
    return save_joint(JointModel(encoders, torch.randn(192, 2, generator=torch.Generator().manual_seed(0))), card)


def parameters(pose_check: str) -> ZeroshotParameters:
    return ZeroshotParameters.model_validate(
        {"templates": ["{}"], "n_points": 128, "batch_size": 2, "pose_check": pose_check}
    )


def check(model: Checkpoint, stores: tuple[ShardStore, ShardStore], pose_check: str) -> Checkpoint:
    objects = pd.DataFrame({"object_id": ["a", "b"], "split": ["test", "adapt"]})
    return zeroshot.check_clouds(model, *stores, objects, parameters(pose_check))


def found(up: str, *, outliers: float) -> Callable[..., PoseFindings]:
    findings = PoseFindings(up, dict.fromkeys(("y", up), 0.5), False, outliers, 0.45, PictureSizes(0, 0))
    return lambda *arguments, **options: findings


def test_a_healthy_collection_leaves_the_model_as_it_is(
    model: Checkpoint, stores: tuple[ShardStore, ShardStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zeroshot, "check_pose", found("y", outliers=0.0))
    objects = pd.DataFrame({"object_id": ["a", "b"], "split": ["adapt", "test"]})
    scores = []
    for pose_check in ("ignore", "warn", "fix"):
        checked = check(model, stores, pose_check)
        prepared = {"rendering.views.image_size": 8, "rendering.clouds.n_points": 200, "zeroshot.n_points": 128}
        assert checked.card == model.card | {"prepared": prepared} and checked.tensors is model.tensors
        scores.append(zeroshot.score_zeroshot(checked, *stores, objects, parameters(pose_check))[0])
    np.testing.assert_array_equal(scores[0].probabilities, scores[1].probabilities)
    np.testing.assert_array_equal(scores[1].probabilities, scores[2].probabilities)


def test_only_fix_changes_the_card(
    model: Checkpoint,
    stores: tuple[ShardStore, ShardStore],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(zeroshot, "check_pose", found("z", outliers=0.5))
    with caplog.at_level(logging.WARNING):
        unchanged = check(model, stores, "ignore").card
        assert "pose" not in unchanged and not caplog.records
        assert check(model, stores, "warn").card == unchanged
        assert "as if z were up" in caplog.text
        assert check(model, stores, "fix").card == unchanged | {"pose": {"up": "z", "drop_outliers": True}}


def test_the_check_looks_at_stored_objects(model: Checkpoint, stores: tuple[ShardStore, ShardStore]) -> None:
    assert check(model, stores, "fix").card["pose"]["drop_outliers"] is True


def test_the_correction_reaches_every_stage_that_sees_clouds(
    model: Checkpoint,
    stores: tuple[ShardStore, ShardStore],
    monkeypatch: pytest.MonkeyPatch,
    new_session: Callable[..., KedroSession],
) -> None:
    seen: dict[str, np.ndarray] = {}

    def stand_in(stage: str) -> Callable[..., None]:
        def take(first: Any, data: Collection, *arguments: Any, **options: Any) -> None:
            seen[stage] = data.clouds[:]
            raise Handed

        return take

    monkeypatch.setattr(zeroshot, "check_pose", found("z", outliers=0.5))
    fixed = check(model, stores, "fix")
    objects = pd.DataFrame({"object_id": ["a", "b"], "split": ["adapt", "adapt"]})
    scores = make_scores({"a": "adapt", "b": "adapt"}, [[0.7, 0.3]] * 2)
    settings = new_session("test", selftraining={"crossmost": {"n_points": 128}}).load_context().params
    monkeypatch.setattr(scoring, "score_collection", stand_in("scoring"))
    monkeypatch.setattr(selftraining, "self_train", stand_in("self-training"))
    monkeypatch.setattr(prediction, "predict", stand_in("prediction"))
    with pytest.raises(Handed):
        zeroshot.score_zeroshot(fixed, *stores, objects, parameters("fix"))
    with pytest.raises(Handed):
        selftraining.adapt_jointly(
            fixed, scores, scores, *stores, objects, settings["selftraining"], settings["zeroshot"]
        )
    with pytest.raises(Handed):
        prediction.predict_new_objects(fixed, *stores, [], pd.DataFrame(), parameters("fix"))
    expected = np.stack([POSE.points(ball(0)), POSE.points(with_outliers(ball(1), [1], 9.0))])
    assert set(seen) == {"scoring", "self-training", "prediction"}
    for stage in ("scoring", "self-training"):
        np.testing.assert_array_equal(seen[stage], expected)
    # New objects were turned when they were read, before pictures were drawn of them.
    turn = np.array(TURNS["z"], dtype=np.float32)
    np.testing.assert_array_equal(seen["prediction"] @ turn.T, expected)


@pytest.mark.parametrize(
    ("splits", "seen"), [(["adapt", "test"], ("a",)), (["test", "adapt"], ("b",)), (["test", "test"], ("a", "b"))]
)
def test_objects_to_test_on_decide_nothing_unless_there_are_no_others(
    model: Checkpoint,
    stores: tuple[ShardStore, ShardStore],
    monkeypatch: pytest.MonkeyPatch,
    splits: list[str],
    seen: tuple[str, ...],
) -> None:
    checked: list[tuple[str, ...]] = []

    def stand_in(model: JointModel, data: Collection, **options: Any) -> None:
        checked.append(data.object_ids)
        raise Handed

    monkeypatch.setattr(zeroshot, "check_pose", stand_in)
    objects = pd.DataFrame({"object_id": ["a", "b"], "split": splits})
    with pytest.raises(Handed):
        zeroshot.check_clouds(model, *stores, objects, parameters("warn"))
    assert checked == [seen]


@pytest.mark.parametrize("pose_check", ["ignore", "warn", "fix"])
def test_clouds_that_the_tower_cannot_take_are_refused_with_advice(
    model: Checkpoint, stores: tuple[ShardStore, ShardStore], pose_check: str
) -> None:
    stage = create_pipeline().only_nodes("check_clouds", "score_zeroshot")
    objects = pd.DataFrame({"object_id": ["a", "b"], "split": ["adapt", "test"]})
    few = parameters(pose_check).model_copy(update={"n_points": 20})
    inputs = {"unchecked_model": model, "views": stores[0], "clouds": stores[1], "objects": objects}
    entries = inputs | {"params:zeroshot": few}
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in entries.items()})
    with pytest.raises(CrossmostError, match=r"clouds have 20 points.*raise rendering\.clouds\.n_points"):
        SequentialRunner().run(stage, catalog)


@pytest.mark.parametrize(("up", "found_up"), [("y", "z"), ("z", "-y"), ("-y", "x"), ("x", "y")])
def test_new_objects_are_read_as_the_model_knows_them(
    model: Checkpoint, tmp_path: Path, up: str, found_up: str
) -> None:
    points = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    np.save(tmp_path / "a.npy", points)
    settings = PredictionParameters.model_validate({"source": tmp_path, "up": up})
    stored = [list(Frame(settings.up).rotation() @ point) for point in points]
    card = model.card | PoseCorrection(up=found_up).to_card()
    (new,) = prediction.list_new_objects(
        Checkpoint(model.tensors, card), settings, RenderingParameters(), parameters("warn")
    )
    turned = points @ new.frame.rotation().T
    np.testing.assert_allclose(turned, PoseCorrection(up=found_up).points(np.array(stored)), atol=1e-6)


def test_an_adapted_model_keeps_the_correction(
    model: Checkpoint,
    stores: tuple[ShardStore, ShardStore],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    new_session: Callable[..., KedroSession],
) -> None:
    fixed = Checkpoint(model.tensors, model.card | POSE.to_card())
    objects = pd.DataFrame({"object_id": ["a", "b"], "split": ["adapt", "adapt"]})
    scores, _ = zeroshot.score_zeroshot(fixed, *stores, objects, parameters("fix"))
    settings = new_session("test").load_context().params["selftraining"]
    small = settings.crossmost.model_copy(update={"epochs": 1, "batch_size": 2, "n_points": 128, "snapshots": 0})
    settings = settings.model_copy(update={"crossmost": small, "scratch": tmp_path})
    adapted, *_ = selftraining.adapt_jointly(fixed, scores, scores, *stores, objects, settings, parameters("fix"))
    assert PoseCorrection.from_card(adapted.card) == POSE
