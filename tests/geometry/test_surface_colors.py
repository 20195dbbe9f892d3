"""Points that are drawn from a mesh have the color of the place they are drawn from."""

import io

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual.color import ColorVisuals
from trimesh.visual.material import PBRMaterial, SimpleMaterial
from trimesh.visual.texture import TextureVisuals

from crossmost.geometry import CadSettings, ScanSettings, capture_cloud
from crossmost.geometry.clouds import CloudWorker, resample_cloud
from crossmost.geometry.normalize import normalize_cloud
from crossmost.geometry.sampling import draw_surface_points
from crossmost.geometry.scans import CLUTTER
from crossmost.geometry.surfaces import surface_colors
from crossmost.shards import Sample, decode_array

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def colors_of(mesh: trimesh.Trimesh | trimesh.Scene, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    drawn = draw_surface_points(mesh, n, np.random.default_rng(0))
    colors = surface_colors(mesh, drawn)
    assert colors is not None and colors.shape == (n, 3) and colors.dtype == np.uint8
    return drawn.points, colors


def quadrants(shift: tuple[int, int] = (0, 0)) -> trimesh.Trimesh:
    """A unit square: red above left, green above right, blue below left, white below right."""
    image = Image.new("RGB", (2, 2))
    for place, color in {(0, 0): RED, (1, 0): GREEN, (0, 1): BLUE, (1, 1): WHITE}.items():
        image.putpixel(place, color)
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float)
    visual = TextureVisuals(uv=uv + np.array(shift), material=PBRMaterial(baseColorTexture=image))
    return trimesh.Trimesh(np.c_[uv, np.zeros(4)], [[0, 1, 2], [0, 2, 3]], visual=visual, process=False)


def test_textures_are_looked_up_where_the_point_lies() -> None:
    points, colors = colors_of(quadrants())
    for left, above, color in ((1, 1, RED), (0, 1, GREEN), (1, 0, BLUE), (0, 0, WHITE)):
        there = ((points[:, 0] < 0.5) == left) & ((points[:, 1] > 0.5) == above)
        assert there.sum() > 50 and (colors[there] == color).all()


def test_coordinates_outside_the_texture_repeat_it() -> None:
    np.testing.assert_array_equal(colors_of(quadrants((3, -2)))[1], colors_of(quadrants())[1])


def test_colors_of_corners_blend_and_those_of_faces_do_not() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=float)
    shade = np.array([[0, 0, 0], [200, 0, 0], [200, 0, 0], [0, 0, 0]])
    blended = trimesh.Trimesh(square, [[0, 1, 2], [0, 2, 3]], vertex_colors=shade, process=False)
    points, colors = colors_of(blended)
    np.testing.assert_allclose(colors[:, 0], 200 * points[:, 0], atol=1)
    flat = trimesh.Trimesh(square, [[0, 1, 2], [0, 2, 3]], face_colors=[RED, GREEN], process=False)
    points, colors = colors_of(flat)
    assert (colors[points[:, 0] > points[:, 1]] == RED).all() and (colors[points[:, 0] < points[:, 1]] == GREEN).all()


def test_parts_of_a_scene_keep_their_colors_and_a_broken_face_moves_none() -> None:
    scene = trimesh.Scene()
    for place, color in enumerate((RED, GREEN, BLUE)):
        box = trimesh.creation.box()
        box.visual = TextureVisuals(material=SimpleMaterial(diffuse=[*color, 255]))
        if place == 1:
            box.vertices[0] = np.nan
        scene.add_geometry(box, transform=trimesh.transformations.translation_matrix((3 * place, 0, 0)))
    points, colors = colors_of(scene, 900)
    for place, color in enumerate((RED, GREEN, BLUE)):
        there = abs(points[:, 0] - 3 * place) < 1
        assert there.sum() > 100 and (colors[there] == color).all()


def test_parts_are_told_apart_whatever_their_names() -> None:
    scene = trimesh.Scene()
    for place, (name, color) in enumerate({"z": RED, "a": GREEN, "m": BLUE}.items()):
        box = trimesh.creation.box()
        box.visual = TextureVisuals(material=SimpleMaterial(diffuse=[*color, 255]))
        transform = trimesh.transformations.translation_matrix((3 * place, 0, 0))
        scene.add_geometry(box, node_name=name, geom_name=name, transform=transform)
    points, colors = colors_of(scene)
    expected = np.array([RED, GREEN, BLUE])[np.rint(points[:, 0] / 3).astype(int)]
    np.testing.assert_array_equal(colors, expected)


def test_meshes_without_a_color_of_their_own_have_none() -> None:
    box = trimesh.creation.box()
    stored = trimesh.load_scene(io.BytesIO(box.export(file_type="glb")), file_type="glb")
    for mesh in (box, stored, trimesh.Trimesh(box.vertices, box.faces, visual=ColorVisuals())):
        assert capture_cloud(mesh, np.random.default_rng(0), CadSettings(n_points=64))[1] is None
        assert capture_cloud(mesh, np.random.default_rng(0), ScanSettings(n_points=64))[1] is None


def test_scans_keep_colors_beside_their_points_and_clutter_is_grey() -> None:
    box = trimesh.creation.box()
    box.visual.face_colors = [RED if normal[1] > 0.5 else BLUE for normal in box.face_normals]
    points, colors = capture_cloud(box, np.random.default_rng(0), ScanSettings(noise=0.0))
    assert colors is not None
    is_clutter = (colors == CLUTTER).all(1)
    assert 0.05 < is_clutter.mean() < 0.15
    seen, height = colors[~is_clutter], points[~is_clutter, 1]
    is_red = (seen == RED).all(1)
    assert is_red.sum() > 100 and np.ptp(height[is_red]) < 1e-5
    assert (seen[~is_red] == BLUE).all() and (height[~is_red] < height[is_red].min() + 1e-5).all()


@pytest.mark.parametrize("n", [4, 10, 25])
def test_colors_go_with_points_that_are_drawn_again(n: int) -> None:
    """Each is taken before any is taken twice."""
    points = np.column_stack([np.arange(10.0), np.arange(10.0) ** 2, np.zeros(10)])
    drawn, colors = resample_cloud(points, np.repeat(np.arange(10)[:, None], 3, axis=1), n, np.random.default_rng(0))
    assert colors is not None and len(drawn) == len(colors) == n
    np.testing.assert_allclose(drawn, normalize_cloud(points[colors[:, 0]]), atol=1e-6)
    taken = np.bincount(colors[:, 0], minlength=10)
    assert (taken.min(), taken.max()) == (n // 10, -(-n // 10))
    assert (np.diff(colors[:, 0]) < 0).any(), "in random order"


def test_they_are_stored_with_the_cloud() -> None:
    class Item:
        key = "square"

        def load(self) -> Sample:
            return Sample("square", {"glb": trimesh.Scene(quadrants()).export(file_type="glb")})

    members = CloudWorker(CadSettings(n_points=300), seed=0)(Item()).members  # type: ignore[arg-type]
    colors = decode_array(members["colors.npy"])
    assert colors.shape == (300, 3) and {tuple(color) for color in colors.tolist()} == {RED, GREEN, BLUE, WHITE}
