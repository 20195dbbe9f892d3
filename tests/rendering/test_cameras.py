"""Cameras stand around the object, look at it, and frame it tightly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from crossmost.rendering import CameraRig, camera_poses
from crossmost.rendering.cameras import framed_projections

seeds = st.integers(0, 2**32 - 1)


def to_picture(poses: np.ndarray, projections: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(V, N, 3) normalized device coordinates: x right, y up, z depth, all in [-1, 1] inside the picture."""
    homogeneous = np.c_[points, np.ones(len(points))]
    clip = np.einsum("vij,nj->vni", projections @ np.linalg.inv(poses), homogeneous)
    return clip[..., :3] / clip[..., 3:]


@given(n_views=st.integers(1, 24), field_of_view=st.floats(5, 110), offset=st.floats(-360, 360))
def test_cameras_look_at_the_origin_upright_from_outside(n_views: int, field_of_view: float, offset: float) -> None:
    rig = CameraRig(n_views=n_views, field_of_view=field_of_view, azimuth_offset=offset)
    poses = camera_poses(rig)
    rotation, eye = poses[:, :3, :3], poses[:, :3, 3]
    np.testing.assert_allclose(rotation @ rotation.transpose(0, 2, 1), np.tile(np.eye(3), (n_views, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)
    distance = np.linalg.norm(eye, axis=1)
    assert (distance > 1).all()
    np.testing.assert_allclose(-rotation[:, :, 2] * distance[:, None], -eye, atol=1e-9)
    assert (rotation[:, 1, 1] > 0).all()  # the picture's up is the world's up
    np.testing.assert_allclose(rotation[:, 1, 0], 0, atol=1e-12)  # and the horizon is level


def test_the_default_ring_goes_all_around_at_three_heights() -> None:
    eye = camera_poses(CameraRig())[:, :3, 3]
    azimuth = np.degrees(np.arctan2(eye[:, 0], eye[:, 2])) % 360
    np.testing.assert_allclose(azimuth, np.arange(12) * 30.0, atol=1e-9)
    elevation = np.degrees(np.arcsin(eye[:, 1] / np.linalg.norm(eye, axis=1)))
    np.testing.assert_allclose(elevation, np.tile([10, 25, 40], 4), atol=1e-9)


def test_azimuth_zero_sees_the_front() -> None:
    rig = CameraRig(n_views=1, elevations=(0.0,))
    np.testing.assert_allclose(camera_poses(rig)[0, :3, 2], [0, 0, 1], atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(seed=seeds, fill_share=st.floats(0.3, 1), stretch=st.tuples(*[st.floats(0.01, 1)] * 3))
def test_the_object_fills_its_share_and_keeps_its_proportions(
    seed: int, fill_share: float, stretch: tuple[float, float, float]
) -> None:
    points = np.random.default_rng(seed).normal(size=(40, 3)) * stretch
    points /= np.linalg.norm(points, axis=1).max()
    rig = CameraRig(fill_share=fill_share)
    poses = camera_poses(rig)
    projections = framed_projections(poses, points, fill_share)
    picture = to_picture(poses, projections, points)
    lowest, highest = picture[..., :2].min(axis=1), picture[..., :2].max(axis=1)
    np.testing.assert_allclose((highest - lowest).max(axis=1) / 2, fill_share, rtol=1e-6)
    np.testing.assert_allclose(lowest + highest, 0, atol=1e-6)
    np.testing.assert_allclose(projections[:, 0, 0], projections[:, 1, 1])  # square pixels
    assert np.abs(picture[..., 2]).max() < 1  # nothing is clipped in depth


def test_jitter_needs_a_generator_and_follows_it() -> None:
    rig = CameraRig(n_views=4, azimuth_jitter=180, elevation_jitter=15)
    with pytest.raises(ValueError, match="rng"):
        camera_poses(rig)
    first = camera_poses(rig, np.random.default_rng(1))
    np.testing.assert_array_equal(first, camera_poses(rig, np.random.default_rng(1)))
    assert np.abs(first - camera_poses(rig, np.random.default_rng(2))).max() > 0.1


@pytest.mark.parametrize(
    "values",
    [{"n_views": 0}, {"elevations": ()}, {"elevations": (90.0,)}, {"fill_share": 1.2}, {"image_size": 0}, {"zoom": 2}],
)
def test_impossible_rigs_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CameraRig.model_validate(values)
