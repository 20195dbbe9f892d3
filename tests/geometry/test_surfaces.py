"""Whatever the mesh looks like, drawable surfaces come out, or one reason why not."""

import io

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual.material import MultiMaterial, PBRMaterial, SimpleMaterial
from trimesh.visual.texture import TextureVisuals

from crossmost.errors import UnreadableObjectError
from crossmost.geometry.surfaces import LEAST_OPACITY, MAX_TEXTURE_SIDE, read_drawable, read_texture


def textured_quad(material: SimpleMaterial | PBRMaterial | MultiMaterial, *, with_uv: bool = True) -> trimesh.Trimesh:
    """A unit square in the x-y plane that shows the whole texture."""
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float)
    return trimesh.Trimesh(
        vertices=np.c_[uv, np.zeros(4)],
        faces=[[0, 1, 2], [0, 2, 3]],
        visual=TextureVisuals(uv=uv if with_uv else None, material=material),
        process=False,
    )


def red_image(mode: str = "RGB") -> Image.Image:
    return Image.new("RGB", (4, 4), (200, 10, 10)).convert(mode)


def test_the_object_is_centered_with_unit_radius_and_keeps_its_frame() -> None:
    mesh = trimesh.creation.box((2, 4, 4)).apply_translation((100, -50, 3))
    drawable = read_drawable(mesh)
    np.testing.assert_allclose(drawable.center, [100, -50, 3], atol=1e-9)
    assert drawable.radius == pytest.approx(3)
    assert np.linalg.norm(drawable.vertices, axis=1).max() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(drawable.vertices * drawable.radius + drawable.center, mesh.vertices, atol=1e-4)


def test_parts_without_texture_become_one_surface() -> None:
    scene = trimesh.Scene()
    for place in range(5):
        box = trimesh.creation.box()
        box.visual = TextureVisuals(material=SimpleMaterial(diffuse=[place * 40, 0, 0, 255]))
        scene.add_geometry(box, transform=trimesh.transformations.translation_matrix((2 * place, 0, 0)))
    (surface,) = read_drawable(scene).surfaces
    assert len(surface.faces) == 60
    assert len(np.unique(surface.colors[:, 0])) == 5
    assert np.ptp(surface.vertices[:, 0]) > 1.9  # the placement of each part counts


def test_parts_that_share_an_image_become_one_surface() -> None:
    image = red_image()
    scene = trimesh.Scene([textured_quad(SimpleMaterial(image=image)) for _ in range(3)])
    (surface,) = read_drawable(scene).surfaces
    assert surface.texture is not None and len(surface.faces) == 6


def test_a_texture_without_coordinates_becomes_its_average_color() -> None:
    (surface,) = read_drawable(textured_quad(SimpleMaterial(image=red_image()), with_uv=False)).surfaces
    assert surface.texture is None
    np.testing.assert_allclose(surface.colors[0, :3] * 255, [200, 10, 10], atol=1)


def test_a_broken_texture_becomes_the_color_of_the_material() -> None:
    content = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(content, format="PNG")
    broken = Image.open(io.BytesIO(content.getvalue()[:300]))
    assert read_texture(broken) is None
    (surface,) = read_drawable(textured_quad(SimpleMaterial(image=broken, diffuse=[0, 0, 200, 255]))).surfaces
    assert surface.texture is None
    np.testing.assert_allclose(surface.colors[0], [0, 0, 200 / 255, 1], atol=0.01)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I", "F", "I;16"])
def test_every_kind_of_image_is_read(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.full((4, 4), 40_000, dtype=np.uint16))
    else:
        image = red_image("RGBA").convert("L").convert(mode) if mode in "IF" else red_image(mode)
    texels = read_texture(image)
    assert texels is not None and texels.shape == (4, 4, 4) and texels.dtype == np.uint8
    assert texels[..., 3].min() == 255


def test_huge_textures_shrink_and_keep_their_shape() -> None:
    texels = read_texture(Image.new("RGB", (2048, 256), (0, 200, 0)))
    assert texels is not None and texels.shape == (MAX_TEXTURE_SIDE // 8, MAX_TEXTURE_SIDE, 4)
    np.testing.assert_array_equal(texels[5, 5], [0, 200, 0, 255])


def test_invisible_texels_do_not_bleed_when_a_texture_shrinks() -> None:
    leaf = np.zeros((1024, 1024, 4), dtype=np.uint8)
    leaf[:, ::2] = [0, 255, 0, 255]  # between the green there is invisible black
    texels = read_texture(Image.fromarray(leaf))
    assert texels is not None
    np.testing.assert_allclose(texels[10, 10, :3], [0, 255, 0], atol=2)


def test_levels_of_one_channel_are_read_up_to_the_largest() -> None:
    texels = read_texture(Image.fromarray(np.array([[0, 20_000], [10_000, 40_000]], dtype=np.uint16)))
    assert texels is not None
    np.testing.assert_allclose(texels[..., 0], [[0, 127], [64, 255]], atol=1)


def test_a_texture_that_hides_a_part_hides_it() -> None:
    image = red_image("RGBA")
    image.putpixel((1, 2), (0, 0, 255, 0))
    texels = read_texture(image)
    assert texels is not None and texels[2, 1, 3] == 0 and texels[0, 0, 3] == 255
    (surface,) = read_drawable(textured_quad(SimpleMaterial(image=image), with_uv=False)).surfaces
    np.testing.assert_allclose(surface.colors[0, :3] * 255, [200, 10, 10], atol=1)  # of what is seen


def test_a_texture_that_hides_everything_is_shown() -> None:
    texels = read_texture(Image.new("RGBA", (4, 4), (9, 9, 9, 0)))
    assert texels is not None and texels[..., 3].min() == 255


@pytest.mark.parametrize(
    ("material", "expected"),
    [
        (SimpleMaterial(diffuse=[255, 0, 0, 255]), [1, 0, 0, 1]),
        (SimpleMaterial(diffuse=[255, 0, 0, 204], d=["0.7"]), [1, 0, 0, 0.56]),
        (MultiMaterial([SimpleMaterial(diffuse=[255, 0, 0, 255]), SimpleMaterial()]), [1, 0, 0, 1]),
        (SimpleMaterial(diffuse=[0, 0, 255, 255], d=["0.7"]), [0, 0, 1, 0.7]),
        (SimpleMaterial(diffuse=[0, 0, 255, 255], d=["0.0"]), [0, 0, 1, 1]),  # "unset" in many files
        (SimpleMaterial(diffuse=[0, 0, 255, 255], d=["0.1"]), [0, 0, 1, LEAST_OPACITY]),
        (SimpleMaterial(diffuse=[0, 0, 255, 255], tr=["0.3"]), [0, 0, 1, 0.7]),
        (SimpleMaterial(diffuse=[0, 0, 255, 255], d=["-halo", "0.7"]), [0, 0, 1, 0.7]),
        (SimpleMaterial(diffuse=[0, 0, 255, 255], d=["thin"]), [0, 0, 1, 1]),
        (PBRMaterial(baseColorFactor=[0, 255, 0, 255]), [0, 1, 0, 1]),
        (PBRMaterial(baseColorFactor=[0, 255, 0, 128], alphaMode="BLEND"), [0, 1, 0, 128 / 255]),
        (PBRMaterial(baseColorFactor=[0, 255, 0, 128], alphaMode="OPAQUE"), [0, 1, 0, 1]),
        (PBRMaterial(), [1, 1, 1, 1]),
    ],
)
def test_colors_of_materials(material: SimpleMaterial | PBRMaterial | MultiMaterial, expected: list[float]) -> None:
    (surface,) = read_drawable(textured_quad(material)).surfaces
    np.testing.assert_allclose(surface.colors[0], expected, atol=0.01)


@pytest.mark.parametrize(
    ("factor", "expected"),
    [([163, 163, 163, 255], [1, 1, 1]), ([0, 0, 0, 255], [1, 1, 1]), ([255, 128, 128, 255], [1, 0.5, 0.5])],
)
def test_gray_factors_do_not_darken_a_texture(factor: list[int], expected: list[float]) -> None:
    material = SimpleMaterial(image=red_image(), diffuse=factor)
    (surface,) = read_drawable(textured_quad(material)).surfaces
    np.testing.assert_allclose(surface.colors[0, :3], expected, atol=0.01)


def test_face_colors_do_not_blend() -> None:
    box = trimesh.creation.box()
    box.visual.face_colors = [[i * 20, 0, 255 - i * 20, 255] for i in range(12)]
    (surface,) = read_drawable(box).surfaces
    per_face = surface.colors[surface.faces]  # (F, 3, 4)
    assert (per_face == per_face[:, :1]).all()
    assert len(np.unique(per_face[:, 0, 0])) == 12
    box.vertices = np.vstack([[[np.nan, 0, 0]], box.vertices[1:]])
    (fewer,) = read_drawable(box).surfaces
    whole = ~(box.faces == 0).any(axis=1)
    np.testing.assert_allclose(fewer.colors[fewer.faces][:, 0], per_face[whole, 0])


def test_faces_that_are_not_finite_are_left_out() -> None:
    box = trimesh.creation.box()
    vertices = np.vstack([box.vertices, [[np.nan, 0, 0]], [[np.inf, 1, 1]]])
    broken = trimesh.Trimesh(vertices, np.vstack([box.faces, [[0, 1, 8]], [[0, 1, 9]]]), process=False)
    drawable = read_drawable(broken)
    assert sum(len(surface.faces) for surface in drawable.surfaces) == 12
    assert np.isfinite(drawable.vertices).all()
    assert drawable.radius == pytest.approx(np.sqrt(0.75))


@pytest.mark.parametrize(
    "mesh",
    [
        trimesh.Trimesh(),
        trimesh.Scene(),
        trimesh.Scene([trimesh.PointCloud([[0, 0, 0], [1, 1, 1]])]),
        trimesh.Trimesh([[1, 1, 1]] * 3, [[0, 1, 2]], process=False),
        trimesh.Trimesh(np.full((3, 3), np.nan), [[0, 1, 2]], process=False),
    ],
)
def test_nothing_to_draw_is_refused(mesh: trimesh.Trimesh | trimesh.Scene) -> None:
    with pytest.raises(UnreadableObjectError):
        read_drawable(mesh)
