"""Depth maps of points against what geometry says they must be."""

import numpy as np
import pytest
import trimesh

from crossmost.geometry.depth_projection import (
    Projection,
    close_holes,
    point_spacing,
    project_depth,
    relief_normals,
    smooth_depth,
)
from crossmost.rendering.cameras import look_at_origin

FRONT = look_at_origin(np.array([[0.0, 0.0, 4.0]]))


def sphere(n: int = 20_000) -> np.ndarray:
    points = np.random.default_rng(0).normal(size=(n, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_the_near_side_of_a_sphere_is_seen(projection: Projection) -> None:
    depth, pixel_width = project_depth(
        sphere(), FRONT, size=64, fill_share=0.8, splat_radius=0.02, projection=projection
    )
    assert depth.shape == (1, 64, 64)
    assert depth[0, 32, 32] == pytest.approx(3.0, abs=0.02)
    assert np.isinf(depth[0, 0, 0])
    seen = np.isfinite(close_holes(depth, 5))[0]
    across = seen[32].sum()
    assert across == pytest.approx(0.8 * 64, abs=2)
    # Perspective sees a sphere of radius 1 from distance 4 as a disk of radius 4 / sqrt(15) on the plane of its center.
    radius = 4 / np.sqrt(15) if projection == "perspective" else 1.0
    assert across * pixel_width[0] / 2 == pytest.approx(radius + 0.02, rel=0.05)


def test_the_front_hides_what_is_behind() -> None:
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 80), np.linspace(-1, 1, 80)), -1).reshape(-1, 2)
    near, far = np.insert(grid * 0.3, 2, 0.5, axis=1), np.insert(grid, 2, -0.5, axis=1)
    depth, _ = project_depth(np.concatenate([far, near]), FRONT, size=60, fill_share=0.9, splat_radius=0.03)
    assert depth[0, 30, 30] == pytest.approx(3.5)
    assert depth[0, 10, 30] == pytest.approx(4.5)


def test_up_is_up_and_right_is_right() -> None:
    points = np.concatenate([sphere(500) * 0.05 + [0.9, 0, 0], sphere(500) * 0.05 + [0, 0.9, 0]])
    depth, _ = project_depth(points, FRONT, size=50, fill_share=0.9, splat_radius=0.02)
    rows, columns = np.nonzero(np.isfinite(depth[0]))
    assert columns[rows > 40].min() > 40 and rows[columns < 10].max() < 10


def test_holes_are_closed_and_the_outline_stays() -> None:
    depth = np.full((1, 20, 20), np.inf)
    depth[0, 5:15, 5:15] = 3.0
    holed = depth.copy()
    holed[0, 9:11, 9:11] = np.inf
    holed[0, 7, 7] = 5.0  # the far side shines through
    np.testing.assert_allclose(close_holes(holed, 5), depth)
    assert np.isinf(close_holes(np.full((1, 4, 4), np.inf), 3)).all()


def test_smoothing_keeps_flat_depth_and_outline() -> None:
    depth = np.full((2, 20, 20), np.inf)
    depth[:, 5:15, 5:15] = 3.0
    np.testing.assert_allclose(smooth_depth(depth, 2.0), depth)


def test_normals_of_a_slope() -> None:
    column = np.arange(16) * 0.1
    depth = np.tile(4 + column, (1, 16, 1))  # falls away to the right at 45 degrees
    normals = relief_normals(depth, np.array([0.1]))
    np.testing.assert_allclose(normals, np.broadcast_to([2**-0.5, 0, 2**-0.5], normals.shape), atol=1e-9)


def test_normals_of_ground_point_up() -> None:
    depth = np.tile(4 - np.arange(16)[:, None] * 0.1, (1, 1, 16))  # nearer towards the lower edge
    normals = relief_normals(depth, np.array([0.1]))
    np.testing.assert_allclose(normals, np.broadcast_to([0, 2**-0.5, 2**-0.5], normals.shape), atol=1e-9)


def test_disks_of_points_count_for_the_frame() -> None:
    points = np.array([[-1.0, 0, 0], [1.0, 0, 0]])
    depth, pixel_width = project_depth(points, FRONT, size=100, fill_share=0.8, splat_radius=0.5)
    assert pixel_width[0] == pytest.approx(3 / 80)
    columns = np.isfinite(depth[0]).any(axis=0).nonzero()[0]
    assert (columns.min(), columns.max()) == pytest.approx((10, 89), abs=1)


def test_spacing_is_the_distance_of_neighbors() -> None:
    grid = np.stack(np.meshgrid(*[np.arange(20)] * 2), -1).reshape(-1, 2) * 0.25
    assert point_spacing(np.insert(grid, 2, 0, axis=1).astype(float)) == pytest.approx(0.25)
    box = np.asarray(trimesh.sample.sample_surface(trimesh.creation.box(), 1000, seed=0)[0])
    assert point_spacing(np.concatenate([box, box])) > 0
