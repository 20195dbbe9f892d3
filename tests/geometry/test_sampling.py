"""Surface samples lie on the surface, uniformly by area, the same for the same object and seed."""

import numpy as np
import pytest
import trimesh

from crossmost.errors import UnreadableObjectError
from crossmost.geometry import mesh_triangles, object_generator, sample_surface
from crossmost.geometry.sampling import draw_surface_points


def test_points_lie_on_the_surface_and_faces_count_by_area() -> None:
    box = trimesh.creation.box((2, 1, 4))
    points = sample_surface(box, 20_000, np.random.default_rng(0))
    assert points.dtype == np.float32
    distance = np.abs(np.abs(points) - np.array([1, 0.5, 2]))
    assert distance.min(axis=1).max() < 1e-6
    # Area of the two x faces over the whole area.
    assert (distance.argmin(axis=1) == 0).mean() == pytest.approx(8 / (8 + 16 + 4), abs=0.015)


def test_points_are_uniform_inside_a_face() -> None:
    triangle = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])
    points = sample_surface(triangle, 20_000, np.random.default_rng(0))
    np.testing.assert_allclose(points.mean(axis=0), [1 / 3, 1 / 3, 0], atol=0.01)
    assert (points[:, :2].sum(axis=1) <= 1 + 1e-6).all()
    assert (points[:, :2].max(axis=1) < 0.5).mean() == pytest.approx(0.5, abs=0.015)


def test_normals_stand_on_the_faces() -> None:
    sphere = trimesh.creation.icosphere(4)
    drawn = draw_surface_points(sphere, 500, np.random.default_rng(0))
    points, normals = drawn.points, drawn.normals
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-9)
    assert np.abs((points * normals).sum(axis=1)).min() > 0.98


def test_a_scene_is_sampled_in_its_own_frame() -> None:
    scene = trimesh.Scene()
    scene.add_geometry(trimesh.creation.box((1, 1, 1)), transform=trimesh.transformations.translation_matrix((5, 0, 0)))
    scene.add_geometry(
        trimesh.creation.box((1, 1, 1)), transform=trimesh.transformations.translation_matrix((-5, 0, 0))
    )
    assert mesh_triangles(scene).shape == (24, 3, 3)
    points = sample_surface(scene, 2_000, np.random.default_rng(0))
    assert (points[:, 0] > 0).mean() == pytest.approx(0.5, abs=0.05)
    assert np.abs(points[:, 0]).min() >= 4.5


def test_a_part_of_a_scene_is_turned_as_it_is_placed() -> None:
    turn = trimesh.transformations.rotation_matrix(np.pi / 2, (0, 0, 1))
    scene = trimesh.Scene()
    scene.add_geometry(trimesh.Trimesh([[1, 0, 0], [2, 0, 0], [2, 0, 1]], [[0, 1, 2]]), transform=turn)
    np.testing.assert_allclose(mesh_triangles(scene)[0], [[0, 1, 0], [0, 2, 0], [0, 2, 1]], atol=1e-9)


def test_faces_that_are_not_finite_are_left_out() -> None:
    mesh = trimesh.Trimesh(
        np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [np.nan, 0, 0]]), [[0, 1, 2], [0, 1, 3]], process=False
    )
    assert np.isfinite(sample_surface(mesh, 100, np.random.default_rng(0))).all()


@pytest.mark.parametrize(
    "mesh",
    [
        trimesh.Trimesh(),
        trimesh.Scene(),
        trimesh.Trimesh(np.eye(3) * [1, 0, 0], [[0, 1, 2]], process=False),
    ],
)
def test_a_mesh_without_area_is_refused(mesh: trimesh.Trimesh | trimesh.Scene) -> None:
    with pytest.raises(UnreadableObjectError, match="no area"):
        sample_surface(mesh, 10, np.random.default_rng(0))


def test_generator_depends_on_object_seed_and_purpose_alone() -> None:
    def draw(object_id: str, seed: int, purpose: str) -> float:
        return object_generator(object_id, seed, purpose).random()

    assert draw("chair-1", 0, "cloud") == draw("chair-1", 0, "cloud")
    others = [draw("chair-2", 0, "cloud"), draw("chair-1", 1, "cloud"), draw("chair-1", 0, "views")]
    assert len({draw("chair-1", 0, "cloud"), *others}) == 4
