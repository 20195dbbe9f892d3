"""What is in the mesh is in the picture: place, colors, textures, both sides. Tolerances: drivers differ."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual.color import ColorVisuals
from trimesh.visual.material import PBRMaterial, SimpleMaterial
from trimesh.visual.texture import TextureVisuals

from crossmost.errors import CrossmostError, UnreadableObjectError
from crossmost.rendering import CameraRig, Renderer, camera_poses
from crossmost.rendering.cameras import look_at_origin

pytestmark = pytest.mark.render

FRONT = CameraRig(n_views=1, elevations=(0.0,))
RED, GREEN, BLUE = (220, 20, 20, 255), (20, 200, 20, 255), (20, 20, 220, 255)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


def colored(mesh: trimesh.Trimesh, color: tuple[int, ...]) -> trimesh.Trimesh:
    mesh.visual = ColorVisuals(mesh, vertex_colors=color)
    return mesh


def has_hue(pixels: np.ndarray, color: tuple[int, ...]) -> np.ndarray:
    """Which pixels (…, 3) have the color's strongest channel clearly ahead of the others."""
    pixels = pixels.astype(int)
    strongest = int(np.argmax(color[:3]))
    others = np.delete(pixels, strongest, axis=-1)
    return pixels[..., strongest] > others.max(axis=-1) + 60


def box_of(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


@pytest.mark.parametrize("extents", [(1, 1, 1), (4, 1, 0.5), (0.2, 3, 0.2), (2, 0.01, 2)])
@pytest.mark.parametrize("place", [(0, 0, 0), (50, -20, 7)])
def test_every_view_is_framed_tightly(renderer: Renderer, extents: tuple, place: tuple) -> None:
    mesh = colored(trimesh.creation.box(extents).apply_translation(place), BLUE)
    rig = CameraRig(fill_share=0.8)
    views = renderer.render(mesh, rig)
    assert views.shape == (12, 96, 96, 3) and views.dtype == np.uint8
    for view in views:
        top, bottom, left, right = box_of(view.min(axis=-1) < 200)
        assert max(bottom - top, right - left) == pytest.approx(0.8 * 96, abs=2)
        assert top + bottom == pytest.approx(96, abs=3) and left + right == pytest.approx(96, abs=3)
        assert (view[0] == 255).all() and (view[:, 0] == 255).all()  # white border


def test_up_is_up_and_the_front_is_seen_first(renderer: Renderer) -> None:
    scene = trimesh.Scene(
        [
            colored(trimesh.creation.box((1, 1, 0.2)).apply_translation((0, 0.5, 0.4)), RED),
            colored(trimesh.creation.box((1, 1, 0.2)).apply_translation((0, -0.5, 0.4)), GREEN),
            colored(trimesh.creation.box((1, 2, 0.2)).apply_translation((0, 0, -0.4)), BLUE),
        ]
    )
    front, back = renderer.render(scene, CameraRig(n_views=2, elevations=(0.0,)))
    assert has_hue(front[20:40, 30:66], RED).all()
    assert has_hue(front[56:76, 30:66], GREEN).all()
    assert has_hue(back[20:76, 30:66], BLUE).all()


def test_the_objects_right_is_left_in_the_front_view_from_behind(renderer: Renderer) -> None:
    scene = trimesh.Scene(
        [
            colored(trimesh.creation.box().apply_translation((1, 0, 0)), RED),
            colored(trimesh.creation.box().apply_translation((-1, 0, 0)), GREEN),
        ]
    )
    front, back = renderer.render(scene, CameraRig(n_views=2, elevations=(0.0,)))
    assert has_hue(front[48, 70:80], RED).all() and has_hue(front[48, 16:26], GREEN).all()
    assert has_hue(back[48, 70:80], GREEN).all() and has_hue(back[48, 16:26], RED).all()


def test_face_colors_are_seen(renderer: Renderer) -> None:
    box = trimesh.creation.box()
    box.visual.face_colors = np.where((box.face_normals[:, 2] > 0.5)[:, None], RED, BLUE)
    front, back = renderer.render(box, CameraRig(n_views=2, elevations=(0.0,)))
    assert has_hue(front[40:56, 40:56], RED).all()
    assert has_hue(back[40:56, 40:56], BLUE).all()


def quad(material: SimpleMaterial | PBRMaterial, *, flipped: bool = False, with_uv: bool = True) -> trimesh.Trimesh:
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float)
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return trimesh.Trimesh(
        np.c_[uv, np.zeros(4)],
        faces[:, ::-1] if flipped else faces,
        visual=TextureVisuals(uv=uv if with_uv else None, material=material),
        process=False,
    )


def two_colors() -> Image.Image:
    """Red above green."""
    texels = np.zeros((64, 64, 3), dtype=np.uint8)
    texels[:32], texels[32:] = RED[:3], GREEN[:3]
    return Image.fromarray(texels)


def test_a_texture_is_seen_the_right_way_up(renderer: Renderer) -> None:
    (view,) = renderer.render(quad(SimpleMaterial(image=two_colors())), FRONT)
    assert has_hue(view[15:40, 15:80], RED).all()
    assert has_hue(view[56:80, 15:80], GREEN).all()


def test_many_textures_do_not_mix(renderer: Renderer) -> None:
    scene = trimesh.Scene()
    colors = [RED, GREEN, BLUE]
    for index, color in enumerate(colors):
        image = Image.new("RGB", (8, 8), color[:3])
        place = trimesh.transformations.translation_matrix((index, 0, 0))
        scene.add_geometry(quad(PBRMaterial(baseColorTexture=image)), transform=place)
    (view,) = renderer.render(scene, FRONT)
    for index, color in enumerate(colors):
        assert has_hue(view[48, 5 + 29 * index + 5 : 5 + 29 * index + 22], color).all()


def test_a_texture_without_coordinates_shows_as_its_average(renderer: Renderer) -> None:
    material = SimpleMaterial(image=Image.new("RGB", (4, 4), RED[:3]))
    (view,) = renderer.render(quad(material, with_uv=False), FRONT)
    assert has_hue(view[20:76, 20:76], RED).all()


@pytest.mark.parametrize("flipped", [False, True])
def test_both_sides_are_lit_alike(renderer: Renderer, flipped: bool) -> None:
    mesh = quad(SimpleMaterial(diffuse=[200, 200, 200, 255]), flipped=flipped)
    front, back = renderer.render(mesh, CameraRig(n_views=2, elevations=(0.0,)))
    assert front[40:56, 40:56].mean() == pytest.approx(back[40:56, 40:56].mean(), abs=3)
    assert front[40:56, 40:56].mean() > 120


def test_nothing_is_black_and_white_stands_out_from_the_background(renderer: Renderer) -> None:
    sphere = trimesh.creation.icosphere(3)
    dark = renderer.render(colored(sphere.copy(), (0, 0, 0, 255)), CameraRig())
    assert np.percentile(dark[:, 40:56, 40:56], 1) > 4
    white = renderer.render(colored(sphere.copy(), (255, 255, 255, 255)), CameraRig())
    assert white[:, 30:66, 30:66].mean() < 245
    assert white[:, 30:66, 30:66].min() > 90


def test_masked_texels_are_not_drawn(renderer: Renderer) -> None:
    texels = np.zeros((64, 64, 4), dtype=np.uint8)
    texels[:, :32] = RED
    mesh = trimesh.Scene([quad(SimpleMaterial(image=Image.fromarray(texels)))])
    (view,) = renderer.render(mesh, FRONT)
    assert has_hue(view[20:76, 12:44], RED).all()
    assert (view[20:76, 54:84] == 255).all()


def test_glass_is_visible_and_shows_what_is_behind(renderer: Renderer) -> None:
    glass = quad(SimpleMaterial(diffuse=[40, 40, 220, 255], d=["0.1"]))
    (alone,) = renderer.render(glass, FRONT)
    tinted = alone[40:56, 40:56].astype(int)
    assert (tinted[..., 2] - tinted[..., 0] > 40).all()
    assert alone[40:56, 40:56].mean() > 120  # light
    behind = colored(trimesh.creation.box((0.3, 0.3, 0.1)).apply_translation((0.5, 0.5, -0.2)), RED)
    (both,) = renderer.render(trimesh.Scene([glass, behind]), FRONT)
    middle = both[46:50, 46:50].mean(axis=(0, 1))
    assert middle[1] < alone[46:50, 46:50, 1].mean() - 40  # white no longer shines through
    assert min(middle[0], middle[2]) > middle[1] + 20  # red and blue both do


@pytest.mark.parametrize("supersampling", [1, 2, 3])
def test_the_same_object_gives_the_same_picture(supersampling: int) -> None:
    mesh = colored(trimesh.creation.icosphere(3), GREEN)
    other = colored(trimesh.creation.box(), RED)
    first = Renderer(supersampling=supersampling).render(mesh, CameraRig())
    Renderer(image_size=33).render(other, CameraRig(n_views=5))
    with Renderer(supersampling=supersampling) as renderer:
        np.testing.assert_array_equal(renderer.render(mesh, CameraRig()), first)


@pytest.mark.parametrize(("n_views", "size"), [(1, 8), (70, 32), (13, 224)])
def test_any_number_and_size_of_views(renderer: Renderer, n_views: int, size: int) -> None:
    rig = CameraRig(n_views=n_views, image_size=size)
    views = renderer.render(colored(trimesh.creation.box((1, 2, 3)), RED), rig)
    assert views.shape == (n_views, size, size, 3)
    assert has_hue(views[:, size // 2, size // 2], RED).all()


def test_jittered_views_follow_the_generator(renderer: Renderer) -> None:
    rig = CameraRig(n_views=4, azimuth_jitter=40, elevation_jitter=10)
    mesh = colored(trimesh.creation.box((1, 2, 3)), RED)
    first = renderer.render(mesh, rig, np.random.default_rng(0))
    np.testing.assert_array_equal(first, renderer.render(mesh, rig, np.random.default_rng(0)))
    assert (first != renderer.render(mesh, rig, np.random.default_rng(1))).any()


def test_depth_of_a_sphere(renderer: Renderer) -> None:
    center, radius, distance, size, angle = np.array([3.0, -1.0, 2.0]), 0.5, 2.0, 65, 40.0
    mesh = trimesh.creation.icosphere(5, radius=radius).apply_translation(center)
    poses = look_at_origin(np.array([[0, 0, distance], [distance, 0.3, 0.1]]))
    poses[:, :3, 3] += center
    depth = renderer.render_depth(mesh, poses, size, angle)
    assert depth.shape == (2, size, size) and depth.dtype == np.float32
    assert depth[0, size // 2, size // 2] == pytest.approx(distance - radius, abs=2e-3)
    assert depth[0, 0, 0] == 0
    # Unprojecting gives back the sphere.
    axis = (np.arange(size) + 0.5) / size * 2 - 1
    slope = np.tan(np.radians(angle) / 2)
    right, down = np.meshgrid(axis * slope, axis * slope)
    for pose, map_ in zip(poses, depth, strict=True):
        seen = map_ > 0
        camera = np.stack([right * map_, -down * map_, -map_], axis=-1)[seen]
        points = camera @ pose[:3, :3].T + pose[:3, 3]
        off = np.abs(np.linalg.norm(points - center, axis=1) - radius)
        assert np.median(off) < 2e-3
        assert seen.mean() > 0.2


def test_a_depth_camera_inside_the_object_is_refused(renderer: Renderer) -> None:
    with pytest.raises(ValueError, match="inside"):
        renderer.render_depth(trimesh.creation.icosphere(), np.eye(4)[None], 32, 40)


def test_an_empty_mesh_is_refused_and_the_renderer_goes_on(renderer: Renderer) -> None:
    with pytest.raises(UnreadableObjectError):
        renderer.render(trimesh.Trimesh(), CameraRig())
    assert renderer.render(trimesh.creation.box(), CameraRig()).min() < 200


def test_threads_may_share_the_renderer(renderer: Renderer) -> None:
    meshes = [colored(trimesh.creation.box((1, 1 + index, 1)), RED) for index in range(6)]
    expected = [renderer.render(mesh, CameraRig()) for mesh in meshes]
    with ThreadPoolExecutor(3) as pool:
        pictures = list(pool.map(lambda mesh: Renderer().render(mesh, CameraRig()), meshes))
    np.testing.assert_array_equal(pictures, expected)


def test_a_forked_process_is_told_to_spawn(renderer: Renderer) -> None:
    child = os.fork()
    if child == 0:
        try:
            Renderer()
        except CrossmostError as error:
            os._exit(7 if "spawn" in str(error) else 1)
        os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7


def test_missing_graphics_libraries_name_the_packages() -> None:
    code = (
        "import ctypes, ctypes.util, sys\n"
        "real = ctypes.CDLL.__init__\n"
        "def no_egl(self, name, *args, **kwargs):\n"
        "    if name and 'EGL' in str(name): raise OSError(f'{name}: cannot open shared object file')\n"
        "    real(self, name, *args, **kwargs)\n"
        "ctypes.CDLL.__init__ = no_egl\n"
        "from crossmost.errors import MissingInputError\n"
        "from crossmost.rendering import Renderer\n"
        "try:\n"
        "    Renderer()\n"
        "except MissingInputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "libegl1" in done.stdout and "libgl1-mesa-dri" in done.stdout


def test_importing_the_package_needs_no_graphics() -> None:
    code = "import sys, crossmost.rendering; sys.exit('OpenGL' in sys.modules or 'pyrender' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120, check=False).returncode == 0


def test_poses_of_a_rig_are_those_of_the_pictures(renderer: Renderer) -> None:
    """A ball at +x is on the right in view 0 (front) and hidden behind nothing in the view from +x."""
    ball = colored(trimesh.creation.icosphere(2, radius=0.2).apply_translation((1, 0, 0)), RED)
    rest = colored(trimesh.creation.icosphere(2, radius=0.2).apply_translation((-1, 0, 0)), BLUE)
    rig = CameraRig(n_views=4, elevations=(5.0,))
    views, eyes = renderer.render(trimesh.Scene([ball, rest]), rig), camera_poses(rig)[:, :3, 3]
    for view, eye in zip(views, eyes, strict=True):
        red, blue = has_hue(view, RED).sum(), has_hue(view, BLUE).sum()
        if abs(eye[0]) > 0.5:  # the nearer ball looks larger, and hides the other in part
            assert (red > blue) == (eye[0] > 0)
