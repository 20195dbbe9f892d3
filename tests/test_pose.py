"""Correcting the pose of stored clouds."""

from pathlib import Path

import numpy as np
import pytest

from crossmost.collection import Collection, StoredRows, load_collection
from crossmost.errors import CrossmostError
from crossmost.geometry import normalize_cloud
from crossmost.pose import MOST_OUTLIERS, TURNS, UNCHANGED, PoseCorrection, outlier_rows
from crossmost.rendering import encode_view
from crossmost.shards import Sample, ShardStore, ShardWork, encode_array
from crossmost.sources.frames import AXES

POINTS = 200


def ball(seed: int) -> np.ndarray:
    """Points inside a ball, stored as the rendering stage does."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(POINTS, 3))
    return normalize_cloud(points / np.linalg.norm(points, axis=1, keepdims=True) * rng.uniform(0, 1, (POINTS, 1)))


def with_outliers(cloud: np.ndarray, rows: list[int], distance: float) -> np.ndarray:
    spoiled = cloud.copy()
    spoiled[rows] = [0, 0, distance]
    return normalize_cloud(spoiled)


class Ball:
    """One object of a store."""

    fingerprint = "ball"

    def __init__(self, key: str, cloud: np.ndarray) -> None:
        self.key, self.cloud = key, cloud


def make_views(item: Ball) -> Sample:
    return Sample(item.key, {"view00.png": encode_view(np.zeros((8, 8, 3), dtype=np.uint8))})


def make_cloud(item: Ball) -> Sample:
    colors = np.repeat(np.arange(POINTS, dtype=np.uint8)[:, None], 3, axis=1)  # of each point, its row
    return Sample(item.key, {"points.npy": encode_array(item.cloud), "colors.npy": encode_array(colors)})


@pytest.fixture
def stores(tmp_path: Path) -> tuple[ShardStore, ShardStore]:
    """Object a is healthy, b has an outlier in its second point."""
    items = [Ball("a", ball(0)), Ball("b", with_outliers(ball(1), [1], 9.0))]
    views = ShardWork({"0": items}, make_views, "0", "testing", n_jobs=1).write(tmp_path / "views")
    return views, ShardWork({"0": items}, make_cloud, "0", "testing", n_jobs=1).write(tmp_path / "clouds")


def test_every_axis_can_be_turned_up() -> None:
    assert set(TURNS) == set(AXES)
    for axis, turn in TURNS.items():
        assert np.linalg.det(np.array(turn)) == pytest.approx(1)
        direction = np.zeros((1, 3), dtype=np.float32)
        direction[0, "xyz".index(axis[-1])] = -1 if axis.startswith("-") else 1
        np.testing.assert_array_equal(PoseCorrection(up=axis).points(direction), [[0, 1, 0]])


def test_outliers_are_replaced_and_the_object_has_unit_radius_again() -> None:
    cloud = ball(3)
    spoiled = with_outliers(cloud, [5, 17], 6.0)
    assert outlier_rows(spoiled).tolist() == [5, 17]
    fixed = PoseCorrection(drop_outliers=True).points(spoiled)
    assert fixed.shape == cloud.shape and fixed.dtype == np.float32
    assert np.linalg.norm(fixed, axis=1).max() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(fixed.mean(0), 0, atol=1e-6)
    others = np.setdiff1d(np.arange(POINTS), [5, 17])
    np.testing.assert_allclose(fixed[others], cloud[others], atol=0.05)


def test_what_is_no_outlier_stays() -> None:
    assert not len(outlier_rows(ball(4)))
    near = with_outliers(ball(4), [5], 1.2)
    many = with_outliers(ball(4), list(range(20)), 6.0)  # a tenth of the points: part of what was scanned
    for cloud in (ball(4), near, many):
        np.testing.assert_array_equal(PoseCorrection(drop_outliers=True).points(cloud), cloud)


def test_outliers_are_all_beyond_the_first_gap_and_few() -> None:
    cloud = ball(4)
    cloud[[3, 8]], cloud[50] = [0, 0, 3], [0, 0, 9]
    assert outlier_rows(cloud).tolist() == [3, 8, 50]
    at_most = int(MOST_OUTLIERS * POINTS)
    assert len(outlier_rows(with_outliers(ball(4), list(range(at_most)), 6.0))) == at_most == 6
    assert not len(outlier_rows(with_outliers(ball(4), list(range(at_most + 1)), 6.0)))


def test_a_cloud_of_one_place_and_a_far_point_stays() -> None:
    cloud = np.full((POINTS, 3), 0.1, dtype=np.float32)
    cloud[7] = [1, 0, 0]
    assert not len(outlier_rows(cloud))
    np.testing.assert_array_equal(PoseCorrection(drop_outliers=True).points(cloud), cloud)
    cloud[8] = [9, 0, 0]  # far from an object that has an extent now
    assert np.isfinite(PoseCorrection(drop_outliers=True).points(cloud)).all()


@pytest.mark.parametrize("entry", [{"scale": 2}, {"up": "w"}, {"up": ["y"]}, "z"])
def test_a_card_that_is_not_understood_is_refused(entry: object) -> None:
    with pytest.raises(CrossmostError, match="damaged, or a newer version"):
        PoseCorrection.from_card({"pose": entry})


def test_a_card_carries_the_correction_and_nothing_if_there_is_none() -> None:
    pose = PoseCorrection(up="-z", drop_outliers=True)
    assert PoseCorrection.from_card({"method": "zeroshot"} | pose.to_card()) == pose
    assert UNCHANGED.to_card() == {} and PoseCorrection.from_card({}) == UNCHANGED
    with pytest.raises(CrossmostError, match="'w'; allowed: y, -y"):
        PoseCorrection(up="w")


@pytest.mark.parametrize("kept_bytes", [0, 2**20])
def test_stored_and_loaded_collections_are_corrected_alike(
    stores: tuple[ShardStore, ShardStore], kept_bytes: int
) -> None:
    pose = PoseCorrection(up="z", drop_outliers=True)
    plain, corrected = load_collection(*stores), load_collection(*stores, pose)
    for rows in (corrected.clouds, corrected.colors):
        assert isinstance(rows, StoredRows)
        rows.kept_bytes = kept_bytes
    assert plain.colors is not None and corrected.colors is not None
    loaded = Collection(plain.object_ids, plain.views[:], plain.clouds[:], plain.colors[:]).posed(pose)
    np.testing.assert_array_equal(corrected.clouds[:], loaded.clouds)
    np.testing.assert_array_equal(corrected.tower_clouds(slice(None), 50, 6), loaded.tower_clouds(slice(None), 50, 6))
    np.testing.assert_array_equal(corrected.for_tower(6).clouds[:], loaded.for_tower(6).clouds)
    np.testing.assert_array_equal(corrected.clouds[0], pose.points(ball(0)))
    # The outlier was replaced by the object's first point, with its color.
    assert corrected.colors[1, :3, 0].tolist() == [0, 0, 2] and corrected.colors[0, :3, 0].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(corrected.clouds[1, 1], corrected.clouds[1, 0])


def test_a_run_is_not_resumed_with_clouds_in_another_pose(stores: tuple[ShardStore, ShardStore]) -> None:
    plain = load_collection(*stores)
    turned = plain.posed(PoseCorrection(up="z"))
    assert plain.posed(UNCHANGED) is plain
    assert len({plain.digest(), turned.digest(), turned.for_tower(6).digest()}) == 2
    assert plain.for_tower(6).digest() == plain.digest()
