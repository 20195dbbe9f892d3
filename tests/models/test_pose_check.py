"""What is found out about the pose of a collection without labels, and what is said and done about it."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from crossmost.collection import Collection
from crossmost.models.joint import JointModel
from crossmost.models.picture_check import fill_share, foreground, picture_sizes, pictures_lie_with_clouds
from crossmost.models.pose_check import LEAST_SHARE, PoseFindings, check_pose, report_pose
from crossmost.pose import TURNS, UNCHANGED, PoseCorrection
from crossmost.rendering import CameraRig, DepthViewSettings, draw_depth_views
from tests.models.procedural import NORMALIZATION


def pictures(clouds: np.ndarray) -> np.ndarray:
    """Depth views, which the mini encoders recognize."""
    rig = CameraRig(n_views=2, image_size=64)
    return np.stack([draw_depth_views(cloud, rig, DepthViewSettings()) for cloud in clouds])


@pytest.fixture(scope="module")
def healthy(upright: np.ndarray) -> Collection:
    return Collection(tuple(f"o{number}" for number in range(len(upright))), pictures(upright), upright)


def findings_of(model: JointModel, collection: Collection) -> PoseFindings:
    return check_pose(model, collection, n_points=512, batch_size=16, **NORMALIZATION)


def turned(clouds: np.ndarray, axis: str) -> np.ndarray:
    return clouds @ np.array(TURNS[axis], dtype=np.float32)


def said(findings: PoseFindings, caplog: pytest.LogCaptureFixture, *, fix: bool = False) -> str:
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        report_pose(findings, fix=fix)
    return caplog.text


def test_nothing_is_said_of_healthy_objects_and_nothing_done(
    model: JointModel,
    healthy: Collection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    findings = findings_of(model, healthy)
    assert findings.correction() == UNCHANGED
    assert said(findings, caplog) == ""
    in_a_few = replace(findings, outliers=LEAST_SHARE)
    assert in_a_few.correction() == UNCHANGED and said(in_a_few, caplog) == ""


def test_clouds_that_lie_under_upright_pictures_are_turned_back(
    model: JointModel,
    healthy: Collection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lying = replace(healthy, clouds=turned(np.asarray(healthy.clouds), "-z"))
    findings = findings_of(model, lying)
    assert findings.correction() == PoseCorrection(up="-z")
    np.testing.assert_array_equal(lying.posed(findings.correction()).clouds, healthy.clouds)
    assert "as if -z were up" in said(findings, caplog) and "zeroshot.pose_check=fix turns" in caplog.text
    assert "the model turns the clouds" in said(findings, caplog, fix=True)


def test_objects_whose_pictures_lie_with_them_have_to_be_drawn_again(
    model: JointModel,
    healthy: Collection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clouds = turned(np.asarray(healthy.clouds), "z")
    findings = findings_of(model, replace(healthy, clouds=clouds, views=pictures(clouds)))
    assert (findings.up, findings.pictures_lie_too) == ("z", True)
    assert findings.correction() == UNCHANGED
    assert "--params ingestion.sources.SOURCE.up=z" in said(findings, caplog, fix=True)


def test_photographs_are_not_taken_for_drawn(healthy: Collection) -> None:
    noise = np.random.default_rng(0).integers(0, 255, healthy.views.shape, dtype=np.uint8)
    clouds = np.asarray(healthy.clouds)
    assert pictures_lie_with_clouds(np.asarray(healthy.views), clouds, "z")
    assert not pictures_lie_with_clouds(noise, clouds, "z")


def test_outliers_are_left_out_even_of_clouds_that_lie(
    model: JointModel,
    healthy: Collection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clouds = turned(np.asarray(healthy.clouds), "x").copy()
    clouds[:, 7] = [30, 0, 0]
    clouds -= clouds.mean(1, keepdims=True)
    clouds /= np.linalg.norm(clouds, axis=-1).max(1)[:, None, None]
    spoiled = replace(healthy, clouds=clouds)
    findings = findings_of(model, spoiled)
    assert findings.outliers == 1
    assert findings.correction() == PoseCorrection(up="x", drop_outliers=True)
    fixed = spoiled.posed(findings.correction()).clouds
    np.testing.assert_allclose(fixed[:, 8:], np.asarray(healthy.clouds)[:, 8:], atol=0.05)
    assert "100 % of the clouds have a few points far" in said(findings, caplog)


def square(side: int, place: int = 20) -> np.ndarray:
    """A dark square on white, 64 pixels wide."""
    picture = np.full((64, 64, 3), 250, dtype=np.uint8)
    picture[place : place + side, place : place + side] = 40
    return picture


def test_small_and_cut_objects_are_told_from_photographs(caplog: pytest.LogCaptureFixture) -> None:
    assert fill_share(foreground(square(32)).mask) == pytest.approx(0.5, abs=0.03)
    photograph = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    assert picture_sizes(np.stack([[square(10)], [square(10)], [square(40)], [photograph]])) == (0.5, 0)
    assert picture_sizes(np.stack([[square(40, 40)], [photograph]])) == (0, 0.5)
    findings = PoseFindings("y", {"y": 1.0}, False, 0.0, 0.45, picture_sizes(np.stack([[square(10)]] * 3)))
    assert "100 % of the objects are small in their pictures" in said(findings, caplog)


def test_clouds_that_are_mostly_background_are_noticed(
    model: JointModel,
    healthy: Collection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clouds = np.asarray(healthy.clouds) * 0.15
    clouds[:, :50] = np.random.default_rng(0).uniform(-0.5, 0.5, (50, 3)) * [1, 0, 1]
    assert "Half of a cloud's points lie within" in said(findings_of(model, replace(healthy, clouds=clouds)), caplog)
