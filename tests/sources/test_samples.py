"""What is stored of meshes and of clouds, with and without colors and pictures."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import ExifTags, Image
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from crossmost.errors import UnreadableObjectError
from crossmost.geometry import decode_mesh, decode_points
from crossmost.near_duplicates import near_duplicate_groups
from crossmost.shards import decode_json
from crossmost.sources import make_object_sample, read_signature
from crossmost.sources.base import PointCloud, RawObject
from crossmost.sources.frames import Frame
from crossmost.sources.pictures import MAX_PICTURE_SIDE, decode_picture, square_picture
from crossmost.sources.point_clouds import MOST_POINTS, canonical_cloud


@dataclass(frozen=True)
class Ready(RawObject):
    """An object that is already loaded."""

    content: trimesh.Scene | PointCloud
    photographs: tuple[Image.Image, ...] = ()

    def load(self) -> trimesh.Scene | PointCloud:
        return self.content

    def pictures(self) -> Sequence[Image.Image]:
        return self.photographs


def ready(
    content: trimesh.Scene | PointCloud, frame: Frame | None = None, photographs: tuple[Image.Image, ...] = ()
) -> Ready:
    return Ready("a-1", "test", "0" * 64, "chair", (), "", content, photographs, frame=frame or Frame())


def points_of(seed: int = 0, n: int = 3000) -> np.ndarray:
    """A tall box, z up."""
    box = trimesh.creation.box((1, 2, 4))
    return np.asarray(trimesh.sample.sample_surface(box, n, seed=seed)[0])


def test_a_cloud_is_stored_with_its_colors_and_stands_upright() -> None:
    points = points_of() + np.array([1e6, 2e6, 50])
    colors = np.random.default_rng(0).integers(0, 256, points.shape, dtype=np.uint8)
    sample = make_object_sample(ready(PointCloud(points, colors), Frame("z")))
    assert set(sample.members) == {"points.npy", "colors.npy", "signature.npy", "json"}
    stored = decode_points(sample)
    assert stored is not None and stored[1] is not None
    np.testing.assert_allclose(np.ptp(stored[0], axis=0), [1, 4, 2], rtol=1e-3)
    np.testing.assert_array_equal(stored[1], colors)
    facts = decode_json(sample.members["json"])
    assert facts["n_vertices"] == 3000 and facts["n_faces"] == 0 and facts["has_texture"]
    assert b"chair" not in b"".join(sample.members.values())


def test_a_mesh_is_turned_as_a_cloud_is() -> None:
    mesh = make_object_sample(ready(trimesh.Scene(trimesh.creation.box((1, 2, 4))), Frame("z")))
    np.testing.assert_allclose(decode_mesh(mesh).extents, [1, 4, 2])
    assert decode_points(mesh) is None


def test_a_mesh_in_map_coordinates_keeps_its_shape() -> None:
    sphere = trimesh.creation.icosphere(subdivisions=3)
    there = sphere.copy()
    there.apply_translation((5e5, 200, 5.4e6))
    # A corner that no face uses says nothing about where the mesh is.
    there.vertices = np.vstack([there.vertices, [[0, 0, 0]]])
    for frame in (Frame(), Frame("z")):
        stored, expected = (
            decode_mesh(make_object_sample(ready(trimesh.Scene(mesh), frame))) for mesh in (there, sphere)
        )
        np.testing.assert_allclose(stored.to_mesh().vertices, expected.to_mesh().vertices, atol=1e-6)


def test_a_mesh_that_float32_can_hold_stays_where_it_is() -> None:
    box = trimesh.creation.box((1, 2, 4))
    box.apply_translation((3, 1, -5))
    stored = decode_mesh(make_object_sample(ready(trimesh.Scene(box))))
    np.testing.assert_array_equal(stored.bounds, [[2.5, 0, -7], [3.5, 2, -3]])


def sphere_in_two_colors(alpha: int | tuple[int, int]) -> trimesh.Trimesh:
    """Red for y < 0, blue above; one alpha, or one of each half."""
    sphere = trimesh.creation.icosphere(subdivisions=3)
    below = sphere.vertices[:, 1] < 0
    low, high = (alpha, alpha) if isinstance(alpha, int) else alpha
    sphere.visual.vertex_colors = np.where(below[:, None], [255, 0, 0, low], [0, 0, 255, high]).astype(np.uint8)
    return sphere


def stored_corner_colors(mesh: trimesh.Trimesh) -> np.ndarray:
    """(N, 7): corners and their RGBA, however many parts the mesh is stored in."""
    scene = decode_mesh(make_object_sample(ready(trimesh.Scene(mesh))))
    assert len(scene.geometry) <= 2
    rows = []
    for part in scene.geometry.values():
        assert isinstance(part, trimesh.Trimesh)
        visual: Any = part.visual
        colors = visual.vertex_colors if visual.kind == "vertex" else visual.material.main_color
        rows.append(np.c_[part.vertices, np.broadcast_to(np.asarray(colors), (len(part.vertices), 4))])
    return np.concatenate(rows)


@pytest.mark.parametrize(("alpha", "stored"), [(254, 254), (128, 128), (0, 255), ((255, 60), None), ((0, 128), None)])
def test_corners_that_are_see_through_keep_their_colors(alpha: int | tuple[int, int], stored: int | None) -> None:
    corners = stored_corner_colors(sphere_in_two_colors(alpha))
    below = corners[:, 1] < -1e-6
    assert (corners[below, 3:6] == [255, 0, 0]).all() and (corners[corners[:, 1] > 1e-6, 3:6] == [0, 0, 255]).all()
    found = {int(value) for value in corners[:, 6]}
    assert found == ({stored} if isinstance(alpha, int) else set(alpha))


def test_faces_that_are_see_through_keep_their_colors() -> None:
    box = trimesh.creation.box()
    box.visual.face_colors = [[255, 0, 0, 99]] * 6 + [[0, 255, 0, 99]] * 6
    corners = stored_corner_colors(box)
    assert {tuple(color) for color in corners[:, 3:].astype(int).tolist()} == {(255, 0, 0, 99), (0, 255, 0, 99)}


def test_a_pane_of_one_color_is_a_material() -> None:
    box = trimesh.creation.box()
    box.visual.face_colors = [9, 8, 7, 99]
    (part,) = decode_mesh(make_object_sample(ready(trimesh.Scene(box)))).geometry.values()
    material = part.visual.material
    assert material.alphaMode == "BLEND" and material.main_color.tolist() == [9, 8, 7, 99]


def test_points_that_are_not_finite_are_left_out() -> None:
    points = points_of(n=100)
    points[::2] = np.nan
    cloud = canonical_cloud(PointCloud(points), Frame())
    assert cloud.points.shape == (50, 3) and cloud.colors is None


def test_a_huge_cloud_is_thinned_to_the_same_points() -> None:
    points = np.random.default_rng(0).random((MOST_POINTS + 500, 3))
    first, second = (canonical_cloud(PointCloud(points), Frame()).points for _ in range(2))
    assert len(first) == MOST_POINTS
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (np.zeros((100, 2)), r"shape \(N, 3\)"),
        (np.full((100, 3), np.nan), "0 finite points of 100; at least 16"),
        (np.ones((100, 3)), "at one place"),
        (np.random.default_rng(0).random((15, 3)), "15 finite points"),
    ],
)
def test_unusable_clouds_have_a_reason(points: np.ndarray, reason: str) -> None:
    with pytest.raises(UnreadableObjectError, match=reason):
        make_object_sample(ready(PointCloud(points)))


def test_colors_must_fit_the_points() -> None:
    with pytest.raises(UnreadableObjectError, match="100 points but colors of shape"):
        canonical_cloud(PointCloud(points_of(n=100), np.zeros((99, 3), dtype=np.uint8)), Frame())


def test_two_samples_of_one_surface_are_near_duplicates_and_another_surface_is_not() -> None:
    sphere = np.asarray(trimesh.sample.sample_surface(trimesh.creation.icosphere(), 3000, seed=0)[0])
    samples = [make_object_sample(ready(PointCloud(points))) for points in (points_of(0), points_of(1), sphere)]
    groups = near_duplicate_groups([read_signature(sample) for sample in samples], 1.2)
    assert groups.tolist() == [0, 0, 1]


@pytest.mark.parametrize("n", [17, 1000, 2500])
def test_the_order_of_points_is_no_difference(n: int) -> None:
    points = points_of(n=n)
    one, other = (make_object_sample(ready(PointCloud(p))) for p in (points, points[::-1].copy()))
    assert read_signature(one).sha256 == read_signature(other).sha256
    assert near_duplicate_groups([read_signature(one), read_signature(other)], 0).tolist() == [0, 0]


def test_pictures_are_stored_in_order_and_small() -> None:
    photographs = tuple(square_picture(Image.new("RGB", (900, 600), color)) for color in ("red", "blue"))
    sample = make_object_sample(ready(PointCloud(points_of()), None, photographs))
    assert {"picture00.jpg", "picture01.jpg"} <= set(sample.members)
    assert photographs[0].size == (MAX_PICTURE_SIDE, MAX_PICTURE_SIDE)


def test_a_photograph_is_cut_to_the_object() -> None:
    photograph = Image.new("RGB", (400, 200), "white")
    photograph.paste("red", (300, 20, 360, 80))
    cut = np.asarray(square_picture(photograph, (300, 20, 360, 80)))
    assert cut.shape == (72, 72, 3)
    assert ((cut == [255, 0, 0]).all(axis=-1)).mean() == pytest.approx((60 / 72) ** 2, abs=0.05)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photograph_taken_with_a_turned_camera_stands_upright(kind: str) -> None:
    lying = Image.new("RGB", (64, 64), "blue")
    lying.paste("red", (0, 0, 64, 32))
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6  # the top of what was seen is at the right
    buffer = io.BytesIO()
    lying.transpose(Image.Transpose.ROTATE_90).save(buffer, kind, exif=turned, quality=95)
    upright = decode_picture(buffer.getvalue(), "a")
    top, bottom = (np.asarray(upright)[row, 32].tolist() for row in (8, 56))
    np.testing.assert_allclose([top, bottom], [[255, 0, 0], [0, 0, 255]], atol=5)
    # A box was measured on the pixels as they are stored: red is at their left.
    red = np.asarray(decode_picture(buffer.getvalue(), "a", (0, 8, 24, 32)))
    np.testing.assert_allclose(red.reshape(-1, 3).mean(axis=0), [255, 0, 0], atol=5)


def textured_square(texture: Image.Image) -> trimesh.Trimesh:
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float)
    visual = TextureVisuals(uv=corners, material=PBRMaterial(baseColorTexture=texture))
    return trimesh.Trimesh(np.c_[corners, np.zeros(4)], [[0, 1, 2], [0, 2, 3]], visual=visual, process=False)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (np.array([0, 0x4040, 0x8080, 0xFFFF], dtype=np.uint16), [0, 64, 128, 255]),
        (np.array([0, 100, 0x8080, 0x8080], dtype=np.uint16), [0, 0, 128, 128]),
        (np.array([0, 64, 128, 255], dtype=np.int32), [0, 64, 128, 255]),
        (np.array([0, 0x4040, 0x8080, 0xFFFF], dtype=np.int32), [0, 64, 128, 255]),
        (np.array([0, 0.25, 0.5, 1], dtype=np.float32), [0, 64, 128, 255]),
    ],
)
def test_grey_textures_of_many_bits_are_not_cut_to_white(levels: np.ndarray, expected: list[int]) -> None:
    texture = Image.fromarray(np.repeat(levels[None], 4, axis=0))
    (part,) = decode_mesh(make_object_sample(ready(trimesh.Scene(textured_square(texture))))).geometry.values()
    stored = part.visual.material.baseColorTexture.convert("RGB")
    np.testing.assert_allclose(np.asarray(stored)[0], np.repeat(np.array(expected)[:, None], 3, axis=1), atol=3)


def test_transparent_pixels_become_white() -> None:
    assert square_picture(Image.new("RGBA", (8, 8), (0, 0, 0, 0))).getpixel((4, 4)) == (255, 255, 255)
