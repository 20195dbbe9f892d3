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
    expected = np.column_stack([SHADES * factor, np.ones(4)])
    np.testing.assert_allclose(shown(scene), expected, atol=2.5 / 255)


def test_points_of_the_surface_have_the_product(tmp_path: Path) -> None:
    scene = stored(write_gltf(tmp_path, as_type(SHADES, "uint16"), {"pbrMetallicRoughness": {"metallicFactor": 0}}))
    drawn = draw_surface_points(scene, 200, np.random.default_rng(0))
    colors = surface_colors(scene, drawn)
    assert colors is not None
    np.testing.assert_allclose(colors[:, 0] / 255, drawn.points[:, 0], atol=0.01)
    np.testing.assert_allclose(colors[:, 1:] / 255, np.tile([0.5, 1], (200, 1)), atol=0.01)


def test_corners_tint_a_texture(tmp_path: Path) -> None:
    scene = stored(write_gltf(tmp_path, as_type(SHADES, "uint16"), {}, texture=(200, 100, 50)))
    np.testing.assert_allclose(shown(scene)[:, :3], SHADES, atol=2 / 255)
    drawn = draw_surface_points(scene, 200, np.random.default_rng(0))
    colors = surface_colors(scene, drawn)
    assert colors is not None
    expected = np.column_stack([drawn.points[:, 0] * 200, np.full(200, 50), np.full(200, 50)])
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
    np.testing.assert_allclose(shown(stored(path))[:, :3], SHADES, atol=2 / 255)


@pytest.mark.parametrize(("mode", "alpha"), [("OPAQUE", 1.0), ("BLEND", 0.5)])
def test_opacity_of_corners_counts_where_the_material_blends(mode: str, alpha: float, tmp_path: Path) -> None:
    colors = np.column_stack([SHADES, np.full(4, 0.5)])
    np.testing.assert_allclose(
        shown(stored(write_gltf(tmp_path, as_type(colors, "uint8"), {"alphaMode": mode})))[:, 3], alpha, atol=0.01
    )


def test_colors_that_nobody_set_are_none(tmp_path: Path) -> None:
    material = {"pbrMetallicRoughness": {"baseColorFactor": [0.8, 0.4, 0.2, 1]}}
    scene = stored(write_gltf(tmp_path, np.zeros((4, 4), dtype=np.uint8), material))
    np.testing.assert_allclose(shown(scene), np.tile([0.8, 0.4, 0.2, 1], (4, 1)), atol=0.01)


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
    np.testing.assert_allclose(cloud.colors / 255, SHADES, atol=0.01)
