"""glTF files with the colors of their corners, which trimesh cuts to eight bits and leaves out beside a material."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import trimesh
from trimesh.exchange.gltf import load_glb, load_gltf
from trimesh.visual.color import to_rgba
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from crossmost.errors import UnreadableObjectError
from crossmost.sources.references import FolderResolver

_LOADERS = {"glb": load_glb, "gltf": load_gltf}
GLTF_KINDS = tuple(_LOADERS)
_OPAQUE = (None, "OPAQUE")  # the format's default is the latter


def read_gltf(content: bytes, kind: str, resolver: FolderResolver) -> trimesh.Scene:
    """A scene whose corners have the colors that glTF 2.0 means: base color × texture × COLOR_0.

    Without a texture the product is the color of the corner. With one, COLOR_0 is the visual's vertex attribute `color`
    (N, 4) uint8, which trimesh writes back but does not copy. All three are multiplied as they are written: what the
    format calls linear is shown as it is, as base colors alone are.

    Args:
        content: Of the file.
        kind: One of `GLTF_KINDS`.
        resolver: Finds buffers and textures; textures that cannot be read are missing ones.

    Raises:
        UnreadableObjectError: if trimesh would read other coordinates than the file has.
        ValueError, KeyError, …: as trimesh does for a broken file.
    """
    header = _header(content, kind)
    if trouble := _compression(header):
        raise UnreadableObjectError(trouble)
    if "KHR_texture_basisu" in header.get("extensionsRequired", ()):
        resolver.missing.append("textures in the format KTX2")
    parsed = _LOADERS[kind](file_obj=io.BytesIO(content), resolver=resolver, process=False)
    for geometry in parsed["geometry"].values():
        _keep_colors(geometry)
    return trimesh.load_scene(parsed)


def _header(content: bytes, kind: str) -> dict[str, Any]:
    """The description of the scene; empty if it is broken, which loading it says better."""
    try:
        text = content[20 : 20 + int.from_bytes(content[12:16], "little")] if kind == "glb" else content
        header = json.loads(text)
    except ValueError:
        return {}
    return header if isinstance(header, dict) else {}


def _compression(header: dict[str, Any]) -> str | None:
    """Why the coordinates cannot be read: zeros would take the place of packed ones, integers that of shares."""
    try:
        required = set(header.get("extensionsRequired", ()))
        accessors = header.get("accessors", [])
        primitives = [primitive for mesh in header.get("meshes", []) for primitive in mesh["primitives"]]
        used = [
            accessors[primitive["attributes"][name]]
            for primitive in primitives
            for name in ("POSITION", "TEXCOORD_0")
            if name in primitive["attributes"]
        ]
        is_quantized = any(accessor.get("normalized") for accessor in used)
    except (AttributeError, IndexError, KeyError, TypeError):
        return None
    packed = sorted(required & {"KHR_draco_mesh_compression", "EXT_meshopt_compression"})
    if is_quantized:
        packed.append("KHR_mesh_quantization")
    if not packed:
        return None
    return f"the file is compressed ({', '.join(packed)}), which is not read; save it without compression"


def _keep_colors(geometry: dict[str, Any]) -> None:
    """Colors of one mesh or cloud as bytes; `geometry`, trimesh's arguments of it, is changed in place."""
    visual = geometry.get("visual")
    if isinstance(visual, TextureVisuals):
        colors = _shares(visual.vertex_attributes.pop("color"))
        if colors is None:
            return
        material: Any = visual.material
        if material.alphaMode in _OPAQUE:
            colors[:, 3] = 1
        if material.baseColorTexture is None:
            del geometry["visual"]
            geometry["vertex_colors"] = _bytes(colors * _base_color(material))
        else:
            visual.vertex_attributes["color"] = _bytes(colors)
    elif (colors := _shares(geometry.pop("vertex_colors", None))) is not None:
        geometry["vertex_colors"] = _bytes(colors)


def _base_color(material: PBRMaterial) -> np.ndarray:
    """(4,) RGBA from 0 to 1; white if the file has none."""
    color = np.ones(4) if material.baseColorFactor is None else to_rgba(material.baseColorFactor) / 255
    return np.append(color[:3], 1) if material.alphaMode in _OPAQUE else color


def _shares(colors: np.ndarray | None) -> np.ndarray | None:
    """(N, 4) RGBA from 0 to 1 of COLOR_0, whose bytes and 16-bit numbers are shares of the largest; None if unset."""
    if colors is None or colors.ndim != 2 or colors.shape[1] not in (3, 4) or not colors.any():
        return None
    largest = np.iinfo(colors.dtype).max if np.issubdtype(colors.dtype, np.integer) else 1
    shares = np.nan_to_num(np.asarray(colors, dtype=np.float64) / largest).clip(0, 1)
    return shares if shares.shape[1] == 4 else np.column_stack([shares, np.ones(len(shares))])


def _bytes(shares: np.ndarray) -> np.ndarray:
    return (255 * shares).round().astype(np.uint8)
