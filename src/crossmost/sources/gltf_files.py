"""glTF files with the colors that other programs show: base color × texture × colors of corners."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import trimesh
from PIL import Image
from trimesh.exchange.gltf import load_glb, load_gltf
from trimesh.visual.color import to_rgba
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from crossmost.errors import UnreadableObjectError
from crossmost.sources.gltf_description import (
    Description,
    MaterialNotes,
    moved_coordinates,
    read_description,
    simplify_materials,
    write_description,
)
from crossmost.sources.references import FolderResolver

_LOADERS = {"glb": load_glb, "gltf": load_gltf}
GLTF_KINDS = tuple(_LOADERS)
_OPAQUE = (None, "OPAQUE")  # the format's default is the latter


def read_gltf(content: bytes, kind: str, resolver: FolderResolver) -> trimesh.Scene:
    """A scene whose corners have the colors that glTF 2.0 means: base color × texture × COLOR_0.

    Without a texture the product is the color of the corner. With one, COLOR_0 is the visual's vertex attribute `color`
    (N, 4) uint8, which trimesh writes back but does not copy. Base color and COLOR_0, which are linear in the format
    (§3.9.2), become sRGB, as textures are. Where textures are laid out by another set of coordinates than the first, or
    by KHR_texture_transform, `uv` is what results. Materials that only shine have the color of their light.

    Args:
        content: Of the file.
        kind: One of `GLTF_KINDS`.
        resolver: Finds buffers and textures; textures that cannot be read are missing ones.

    Raises:
        UnreadableObjectError: if trimesh would read other coordinates than the file has.
        ValueError, KeyError, …: as trimesh does for a broken file.
    """
    description = read_description(content, kind)
    if trouble := _compression(description):
        raise UnreadableObjectError(trouble)
    if "KHR_texture_basisu" in description.get("extensionsRequired", ()):
        resolver.missing.append("textures in the format KTX2")
    notes = MaterialNotes({}, set())
    if description:
        try:
            notes = simplify_materials(description)
            content = write_description(content, kind, description)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            pass  # loading the file as it is says what is broken
    parsed = _LOADERS[kind](file_obj=io.BytesIO(content), resolver=resolver, process=False)
    for geometry in parsed["geometry"].values():
        _drop_what_is_no_texture(geometry)
    visuals = [_keep_colors(geometry) for geometry in parsed["geometry"].values()]
    for visual in visuals:
        if visual is not None and visual.uv is not None and visual.material.name in notes.transforms:
            visual.uv = moved_coordinates(visual.uv, notes.transforms[visual.material.name])
    materials: dict[int, Any] = {id(visual.material): visual.material for visual in visuals if visual is not None}
    for material in materials.values():
        if material.baseColorFactor is not None or material.name in notes.untextured:
            material.baseColorFactor = _displayed(_base_color(material))
    return trimesh.load_scene(parsed)


def _compression(header: Description) -> str | None:
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


def _drop_what_is_no_texture(geometry: dict[str, Any]) -> None:
    """trimesh takes whatever a broken description names."""
    material = getattr(geometry.get("visual"), "material", None)
    if material is not None and not isinstance(material.baseColorTexture, Image.Image):
        material.baseColorTexture = None


def _keep_colors(geometry: dict[str, Any]) -> TextureVisuals | None:
    """Colors of the corners of one mesh or cloud as bytes, and the material that it keeps beside them.

    Args:
        geometry: trimesh's arguments of it; changed in place.
    """
    visual = geometry.get("visual")
    if isinstance(visual, TextureVisuals):
        colors = _shares(visual.vertex_attributes.pop("color"))
        if colors is None:
            return visual
        material: Any = visual.material
        if material.alphaMode in _OPAQUE:
            colors[:, 3] = 1
        if material.baseColorTexture is not None:
            visual.vertex_attributes["color"] = _displayed(colors)
            return visual
        del geometry["visual"]
        geometry["vertex_colors"] = _displayed(colors * _base_color(material))
    elif (colors := _shares(geometry.pop("vertex_colors", None))) is not None:
        geometry["vertex_colors"] = _displayed(colors)
    return None


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


def _displayed(shares: np.ndarray) -> np.ndarray:
    """uint8 RGBA in sRGB (IEC 61966-2-1) of linear shares (…, 4)."""
    color = shares[..., :3]
    encoded = np.where(color <= 0.0031308, 12.92 * color, 1.055 * color.clip(0.0031308) ** (1 / 2.4) - 0.055)
    return (255 * np.concatenate([encoded, shares[..., 3:]], axis=-1)).round().astype(np.uint8)
