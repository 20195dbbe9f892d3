"""Clouds are centered and have unit radius, whatever came in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crossmost.errors import UnreadableObjectError
from crossmost.geometry import normalize_cloud

clouds = arrays(np.float64, st.tuples(st.integers(2, 40), st.just(3)), elements=st.floats(-1e4, 1e4, width=32))
spread_clouds = clouds.filter(lambda points: np.ptp(points, axis=0).max() > 1e-2 * max(1.0, np.abs(points).max()))


@given(spread_clouds)
def test_zero_mean_and_unit_radius(points: np.ndarray) -> None:
    cloud = normalize_cloud(points)
    assert cloud.dtype == np.float32
    assert np.abs(cloud.mean(axis=0)).max() < 1e-5
    assert np.linalg.norm(cloud, axis=1).max() == pytest.approx(1, abs=1e-5)


@given(spread_clouds, st.floats(1e-3, 1e3), st.tuples(*[st.floats(-50, 50)] * 3))
def test_place_and_unit_do_not_matter(points: np.ndarray, unit: float, place: tuple[float, ...]) -> None:
    span = np.ptp(points, axis=0).max()
    moved = (points + np.array(place) * span) * unit
    np.testing.assert_allclose(normalize_cloud(moved), normalize_cloud(points), atol=1e-4)


@given(spread_clouds)
def test_a_normalized_cloud_stays_as_it_is(points: np.ndarray) -> None:
    once = normalize_cloud(points)
    np.testing.assert_allclose(normalize_cloud(once), once, atol=1e-5)


@pytest.mark.parametrize("scale", [1e-30, 1e30, 1e200])
def test_extreme_units_are_no_problem(scale: float) -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    np.testing.assert_allclose(normalize_cloud(points * scale), normalize_cloud(points), atol=1e-6)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (np.zeros((0, 3)), "shape"),
        (np.zeros((4, 2)), "shape"),
        (np.ones((4, 3)), "one place"),
        (np.full((1, 3), 7.0), "one place"),
        (np.tile([0.1, 0.7, 0.3], (7, 1)), "one place"),  # whose mean is rounded
        (np.array([[0, 0, 0], [np.nan, 0, 0]]), "not finite"),
        (np.array([[0, 0, 0], [np.inf, 0, 0]]), "not finite"),
    ],
)
def test_unusable_clouds_say_why(points: np.ndarray, reason: str) -> None:
    with pytest.raises(UnreadableObjectError, match=reason):
        normalize_cloud(points)
