"""Base color × texture × colors of corners, from the file to the stored mesh, its pictures and its clouds."""

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from crossmost.errors import UnreadableObjectError
from crossmost.geometry.meshes import decode_mesh
from crossmost.geometry.sampling import draw_surface_points
from crossmost.geometry.surfaces import read_drawable, surface_colors
from crossmost.shards import Sample
from crossmost.sources.base import PointCloud
from crossmost.sources.folder import FileObject
from crossmost.sources.mesh_files import read_mesh_file
from crossmost.sources.samples import make_object_sample

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=np.float32)
FACES = np.array([0, 1, 2, 0, 2, 3], dtype=np.uint16)
UV = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], dtype=np.float32)
SHADES = np.array([[0, 0.5, 1], [1, 0.5, 1], [1, 0.5, 1], [0, 0.5, 1]])  # red from left to right
COMPONENTS = {"float32": 5126, "uint16": 5123, "uint8": 5121}


def picture(color: tuple[int, ...]) -> str:
    buffer = io.BytesIO()
    Image.new("RGBA" if len(color) == 4 else "RGB", (4, 4), color).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def write_gltf(
    folder: Path,
    colors: np.ndarray,
    material: dict[str, Any] | None,
    texture: tuple[int, ...] | None = None,
    name: str = "object",
    mode: int = 4,
) -> Path:
    """A square as other programs write it: bytes and 16-bit numbers are shares of the largest one."""
    arrays = {"POSITION": CORNERS, "COLOR_0": colors, "TEXCOORD_0": UV, "indices": FACES}
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []
    content = b""
    for array in arrays.values():
        kind = "SCALAR" if array.ndim == 1 else f"VEC{array.shape[1]}"
        views.append({"buffer": 0, "byteOffset": len(content), "byteLength": array.nbytes})
        accessors.append(
            {
                "bufferView": len(accessors),
                "componentType": COMPONENTS[array.dtype.name],
                "normalized": array is colors and array.dtype.kind == "u",
                "count": len(array),
                "type": kind,
            }
        )
        content += array.tobytes() + bytes(-array.nbytes % 4)
    places = {key: number for number, key in enumerate(arrays)}
    primitive: dict[str, Any] = {"mode": mode, "indices": places.pop("indices"), "attributes": places}
    tree: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [
            {
                "byteLength": len(content),
                "uri": "data:application/octet-stream;base64," + base64.b64encode(content).decode(),
            }
        ],
    }
    if material is not None:
        primitive["material"] = 0
        tree["materials"] = [material]
    if texture is not None:
        tree["images"], tree["textures"] = [{"uri": picture(texture)}], [{"source": 0}]
        material.setdefault("pbrMetallicRoughness", {})["baseColorTexture"] = {"index": 0}  # type: ignore[union-attr]
    path = folder / f"{name}.gltf"
    path.write_text(json.dumps(tree))
    return path


def displayed(linear: np.ndarray) -> np.ndarray:
    """sRGB of linear light, number by number."""
    curve = np.vectorize(lambda light: 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(curve(linear))


def stored(path: Path) -> trimesh.Scene:
    """The mesh of a file as it comes out of the store."""
    raw = FileObject("object", "x", "0", None, (), "", path=path, root=path.parent)
    return decode_mesh(make_object_sample(raw))


def shown(scene: trimesh.Scene) -> np.ndarray:
    """(4, 4) RGBA by which each corner of the square is drawn, its texture left aside."""
    surfaces = read_drawable(scene).surfaces
    assert len(surfaces) == 1
    vertices = surfaces[0].vertices - surfaces[0].vertices.min(axis=0)
    vertices = vertices / vertices.max()
    nearest = np.linalg.norm(CORNERS[:, None] - vertices[None], axis=2).argmin(axis=1)
    return surfaces[0].colors[nearest]


def as_type(shares: np.ndarray, kind: str) -> np.ndarray:
    return shares.astype(kind) if kind == "float32" else np.round(shares * np.iinfo(kind).max).astype(kind)


@pytest.mark.parametrize("kind", list(COMPONENTS))
@pytest.mark.parametrize(
    ("material", "factor"),
    [
        (None, (1, 1, 1)),
        ({}, (1, 1, 1)),
        ({"pbrMetallicRoughness": {"baseColorFactor": [0.8, 0.4, 0.2, 0.5]}}, (0.8, 0.4, 0.2)),  # opaque all the same
    ],
)
def test_without_a_texture_the_base_color_is_multiplied_with_the_corners(
    kind: str, material: dict[str, Any] | None, factor: tuple[float, ...], tmp_path: Path
) -> None:
    scene = stored(write_gltf(tmp_path, as_type(SHADES, kind), material))
    expected = np.column_stack([displayed(SHADES * factor), np.ones(4)])
    np.testing.assert_allclose(shown(scene), expected, atol=2.5 / 255)


def test_points_of_the_surface_have_the_product(tmp_path: Path) -> None:
    scene = stored(write_gltf(tmp_path, as_type(SHADES, "uint16"), {"pbrMetallicRoughness": {"metallicFactor": 0}}))
    drawn = draw_surface_points(scene, 200, np.random.default_rng(0))
    colors = surface_colors(scene, drawn)
    assert colors is not None
    np.testing.assert_allclose(colors[:, 0] / 255, drawn.points[:, 0], atol=0.01)
    np.testing.assert_allclose(colors[:, 1:] / 255, np.tile([displayed(np.array(0.5)), 1], (200, 1)), atol=0.01)


def test_corners_tint_a_texture(tmp_path: Path) -> None:
    scene = stored(write_gltf(tmp_path, as_type(SHADES, "uint16"), {}, texture=(200, 100, 50)))
    np.testing.assert_allclose(shown(scene)[:, :3], displayed(SHADES), atol=2 / 255)
    drawn = draw_surface_points(scene, 200, np.random.default_rng(0))
    colors = surface_colors(scene, drawn)
    assert colors is not None
    half = displayed(np.array(0.5))
    expected = np.column_stack([drawn.points[:, 0] * 200, np.full(200, 100 * half), np.full(200, 50)])
    np.testing.assert_allclose(colors, expected, atol=4)  # JPEG


def test_white_corners_change_no_byte(tmp_path: Path) -> None:
    white = write_gltf(tmp_path, np.ones((4, 3), dtype=np.float32), {}, texture=(200, 100, 50), name="white")
    tree = json.loads(white.read_text())
    del tree["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]
    plain = tmp_path / "plain.gltf"
    plain.write_text(json.dumps(tree))
    samples: list[Sample] = [
        make_object_sample(FileObject("object", "x", "0", None, (), "", path=path, root=tmp_path))
        for path in (white, plain)
    ]
    assert samples[0].members["glb"] == samples[1].members["glb"]


def test_a_texture_that_is_lost_leaves_the_corners(tmp_path: Path) -> None:
    path = write_gltf(tmp_path, as_type(SHADES, "uint8"), {}, texture=(200, 100, 50))
    tree = json.loads(path.read_text())
    tree["images"][0]["uri"] = "gone.png"
    path.write_text(json.dumps(tree))
    np.testing.assert_allclose(shown(stored(path))[:, :3], displayed(SHADES), atol=2 / 255)


@pytest.mark.parametrize(("mode", "alpha"), [("OPAQUE", 1.0), ("BLEND", 0.5)])
def test_opacity_of_corners_counts_where_the_material_blends(mode: str, alpha: float, tmp_path: Path) -> None:
    colors = np.column_stack([SHADES, np.full(4, 0.5)])
    np.testing.assert_allclose(
        shown(stored(write_gltf(tmp_path, as_type(colors, "uint8"), {"alphaMode": mode})))[:, 3], alpha, atol=0.01
    )


def test_colors_that_nobody_set_are_none(tmp_path: Path) -> None:
    material = {"pbrMetallicRoughness": {"baseColorFactor": [0.8, 0.4, 0.2, 1]}}
    scene = stored(write_gltf(tmp_path, np.zeros((4, 4), dtype=np.uint8), material))
    color = displayed(np.array([0.8, 0.4, 0.2]))
    np.testing.assert_allclose(shown(scene), np.tile([*color, 1], (4, 1)), atol=0.01)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, "compressed (KHR_draco_mesh_compression)"),
        ({"extensionsRequired": ["EXT_meshopt_compression"]}, "compressed (EXT_meshopt_compression)"),
        ({}, "compressed (KHR_mesh_quantization)"),
    ],
)
def test_compression_is_named(change: dict[str, Any], reason: str, tmp_path: Path) -> None:
    path = write_gltf(tmp_path, as_type(SHADES, "uint8"), None)
    tree = json.loads(path.read_text()) | change
    if not change:
        tree["accessors"][0] |= {"componentType": 5122, "normalized": True}
    path.write_text(json.dumps(tree))
    with pytest.raises(UnreadableObjectError, match=re.escape(reason)):
        read_mesh_file(path, tmp_path)


def test_textures_in_a_format_of_graphics_cards_are_missing(tmp_path: Path) -> None:
    path = write_gltf(tmp_path, as_type(SHADES, "uint8"), {}, texture=(1, 2, 3))
    tree = json.loads(path.read_text()) | {"extensionsRequired": ["KHR_texture_basisu"]}
    tree["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    path.write_text(json.dumps(tree))
    scene = read_mesh_file(path, tmp_path)
    assert isinstance(scene, trimesh.Scene)
    assert scene.metadata["missing_files"] == ["textures in the format KTX2"]


def test_points_have_their_16_bit_colors(tmp_path: Path) -> None:
    path = write_gltf(tmp_path, as_type(SHADES, "uint16"), None, mode=0)
    cloud = read_mesh_file(path, tmp_path)
    assert isinstance(cloud, PointCloud) and cloud.colors is not None
    np.testing.assert_allclose(cloud.colors / 255, displayed(SHADES), atol=0.01)


def without_corner_colors(path: Path, **changes: Any) -> Path:
    """The file without COLOR_0, and with other entries in its description."""
    tree = json.loads(path.read_text())
    del tree["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]
    path.write_text(json.dumps(tree | changes))
    return path


def as_glb(path: Path) -> Path:
    """The same file as GLB, written by hand."""
    tree = json.loads(path.read_text())
    numbers = base64.b64decode(tree["buffers"][0].pop("uri").split(",")[1])
    text = json.dumps(tree).encode()
    chunks = b""
    for kind, content, fill in ((b"JSON", text, b" "), (b"BIN\0", numbers, b"\0")):
        padded = content + fill * (-len(content) % 4)
        chunks += len(padded).to_bytes(4, "little") + kind + padded
    binary = path.with_suffix(".glb")
    binary.write_bytes(b"glTF" + (2).to_bytes(4, "little") + (12 + len(chunks)).to_bytes(4, "little") + chunks)
    return binary


def one_color(scene: trimesh.Scene) -> np.ndarray:
    """(3,) of the points on the square, from 0 to 255."""
    colors = surface_colors(scene, draw_surface_points(scene, 50, np.random.default_rng(0)))
    assert colors is not None and np.ptp(colors, axis=0).max() <= 2
    return np.asarray(colors.mean(axis=0))


@pytest.mark.parametrize("binary", [False, True])
def test_a_base_color_is_linear_light(binary: bool, tmp_path: Path) -> None:
    """The linear share 0.2158605 is the middle grey 128 of sRGB."""
    material = {"pbrMetallicRoughness": {"baseColorFactor": [0.2158605, 1, 0, 1]}}
    path = without_corner_colors(write_gltf(tmp_path, as_type(SHADES, "uint8"), material))
    np.testing.assert_allclose(one_color(stored(as_glb(path) if binary else path)), [128, 255, 0], atol=1)


def test_a_material_without_a_color_is_white(tmp_path: Path) -> None:
    path = without_corner_colors(write_gltf(tmp_path, as_type(SHADES, "uint8"), {"doubleSided": True}))
    np.testing.assert_allclose(one_color(stored(path)), [255, 255, 255])


def test_a_base_color_tints_a_texture(tmp_path: Path) -> None:
    material = {"pbrMetallicRoughness": {"baseColorFactor": [0.2158605, 1, 0, 1]}}
    path = without_corner_colors(write_gltf(tmp_path, as_type(SHADES, "uint8"), material, texture=(200, 100, 50)))
    np.testing.assert_allclose(one_color(stored(path)), [200 * 128 / 255, 100, 0], atol=2)


def test_the_diffuse_color_of_an_older_description_counts_once(tmp_path: Path) -> None:
    """Programs write a plain description beside KHR_materials_pbrSpecularGlossiness for those that lack it."""
    material = {
        "pbrMetallicRoughness": {"baseColorFactor": [0, 0, 0, 1]},
        "extensions": {
            "KHR_materials_pbrSpecularGlossiness": {"diffuseTexture": {"index": 0}, "specularFactor": [0, 0, 0]}
        },
    }
    path = without_corner_colors(write_gltf(tmp_path, as_type(SHADES, "uint8"), material, texture=(200, 100, 50)))
    np.testing.assert_allclose(one_color(stored(path)), [200, 100, 50], atol=10)


@pytest.mark.parametrize("mode", ["L", "P"])
def test_an_older_description_takes_pictures_of_any_mode(mode: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), (100, 100, 100)).convert(mode).save(buffer, format="PNG")
    uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    material = {"extensions": {"KHR_materials_pbrSpecularGlossiness": {"diffuseTexture": {"index": 0}}}}
    images = {"images": [{"uri": uri}], "textures": [{"source": 0}]}
    path = without_corner_colors(write_gltf(tmp_path, as_type(SHADES, "uint8"), material), **images)
    scene = stored(path)
    np.testing.assert_allclose(one_color(scene), [100, 100, 100], atol=2)
    (surface,) = read_drawable(scene).surfaces
    assert surface.texture is not None and (surface.texture[..., 3] == 255).all()


def test_a_grey_base_color_darkens_its_texture_in_pictures_too(tmp_path: Path) -> None:
    material = {"pbrMetallicRoughness": {"baseColorFactor": [0.2158605, 0.2158605, 0.2158605, 1]}}
    path = without_corner_colors(write_gltf(tmp_path, as_type(SHADES, "uint8"), material, texture=(255, 255, 255)))
    (surface,) = read_drawable(stored(path)).surfaces
    np.testing.assert_allclose(surface.colors[:, :3], 128 / 255, atol=0.01)


@pytest.mark.parametrize(
    ("mode", "alpha", "cutoff", "mean_alpha"),
    [
        (None, 80, None, 255),
        ("OPAQUE", 0, None, 255),
        ("MASK", 80, 0.1, 255),
        ("MASK", 80, None, 0),
        ("BLEND", 80, None, 80),
    ],
)
def test_the_alpha_of_a_texture_is_what_its_material_makes_of_it(
    mode: str | None, alpha: int, cutoff: float | None, mean_alpha: int, tmp_path: Path
) -> None:
    given = {"alphaMode": mode, "alphaCutoff": cutoff}
    material = {key: value for key, value in given.items() if value is not None}
    path = without_corner_colors(
        write_gltf(tmp_path, as_type(SHADES, "uint8"), material, texture=(200, 100, 50, alpha))
    )
    (mesh,) = stored(path).geometry.values()
    image = mesh.visual.material.baseColorTexture.convert("RGBA")
    assert np.asarray(image)[..., 3].mean() == pytest.approx(mean_alpha, abs=1)
    if mean_alpha == 255:
        np.testing.assert_allclose(np.asarray(image)[..., :3].mean(axis=(0, 1)), [200, 100, 50], atol=3)


def test_what_only_shines_has_the_color_of_its_light(tmp_path: Path) -> None:
    material = {
        "pbrMetallicRoughness": {"baseColorFactor": [0, 0, 0, 1]},
        "emissiveFactor": [1, 1, 1],
        "emissiveTexture": {"index": 0},
    }
    images = {"images": [{"uri": picture((200, 100, 50))}], "textures": [{"source": 0}]}
    path = without_corner_colors(write_gltf(tmp_path, as_type(SHADES, "uint8"), material), **images)
    np.testing.assert_allclose(one_color(stored(path)), [200, 100, 50], atol=2)


def quarters() -> str:
    """Red and green above, blue and white below."""
    colors = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(colors.repeat(32, axis=0).repeat(32, axis=1)).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.mark.parametrize(
    ("placed", "upper_left"),
    [
        ({}, RED),
        ({"extensions": {"KHR_texture_transform": {"offset": [0.5, 0], "scale": [0.5, 0.5]}}}, GREEN),
        ({"extensions": {"KHR_texture_transform": {"offset": [0, 0.5], "scale": [0.5, 0.5]}}}, BLUE),
        # Counter-clockwise as one sees the picture: the upper left quarter (0.25, 0.25) shows (0.25, -0.25), below.
        ({"extensions": {"KHR_texture_transform": {"rotation": np.pi / 2}}}, BLUE),
        # Turned after scaling: (0.25, 0.25) → (0.5, 0.125) → (0.125, -0.5) → (0.625, 0.25).
        (
            {
                "extensions": {
                    "KHR_texture_transform": {"rotation": np.pi / 2, "scale": [2, 0.5], "offset": [0.5, 0.75]}
                }
            },
            GREEN,
        ),
        ({"texCoord": 1}, WHITE),
        ({"texCoord": 0, "extensions": {"KHR_texture_transform": {"texCoord": 1}}}, WHITE),
    ],
)
def test_a_texture_lies_where_its_coordinates_say(
    placed: dict[str, Any], upper_left: tuple[int, ...], tmp_path: Path
) -> None:
    """The second set of coordinates turns the picture by half."""
    path = write_gltf(tmp_path, as_type(SHADES, "uint8"), {}, texture=(0, 0, 0))
    tree = json.loads(path.read_text())
    tree["images"] = [{"uri": quarters()}]
    turned = (1 - UV).tobytes()
    tree["buffers"].append(
        {"byteLength": len(turned), "uri": "data:application/octet-stream;base64," + base64.b64encode(turned).decode()}
    )
    tree["bufferViews"].append({"buffer": 1, "byteLength": len(turned)})
    tree["accessors"].append({"bufferView": 4, "componentType": 5126, "count": 4, "type": "VEC2"})
    tree["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_1"] = 4
    tree["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"] |= placed
    path.write_text(json.dumps(tree))
    scene = stored(without_corner_colors(path))
    drawn = draw_surface_points(scene, 400, np.random.default_rng(0))
    colors = surface_colors(scene, drawn)
    assert colors is not None
    points = drawn.points - scene.bounds[0]
    there = (np.abs(points[:, 0] - 0.25) < 0.15) & (np.abs(points[:, 1] - 0.75) < 0.15)
    assert there.any()
    np.testing.assert_allclose(np.median(colors[there], axis=0), upper_left, atol=12)


@pytest.mark.parametrize("texture", [3, {"index": 9}, {"index": "first"}, None, []])
def test_a_texture_that_is_none_is_left_out(texture: Any, tmp_path: Path) -> None:
    path = without_corner_colors(write_gltf(tmp_path, as_type(SHADES, "uint8"), {}, texture=(200, 100, 50)))
    tree = json.loads(path.read_text())
    tree["materials"][0]["pbrMetallicRoughness"] = {"baseColorTexture": texture, "baseColorFactor": [1, 0, 0, 1]}
    path.write_text(json.dumps(tree))
    np.testing.assert_allclose(one_color(stored(path)), [255, 0, 0])


def test_a_broken_description_is_said_by_whom_it_breaks(tmp_path: Path) -> None:
    path = write_gltf(tmp_path, as_type(SHADES, "uint8"), {}, texture=(1, 2, 3))
    tree = json.loads(path.read_text())
    tree["materials"] = 3
    path.write_text(json.dumps(tree))
    with pytest.raises(UnreadableObjectError, match="no valid GLTF"):
        read_mesh_file(path, tmp_path)
