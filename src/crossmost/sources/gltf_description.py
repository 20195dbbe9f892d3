"""The JSON description of a glTF file, put in words that trimesh understands.

trimesh lays every texture out by the first set of coordinates, mixes two descriptions of one material, and knows no
surface that shows by its own light alone. Both kinds of file keep the description apart from their numbers, so it is
rewritten before trimesh reads them.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np

_TRANSFORM = "KHR_texture_transform"
_GLOSS = "KHR_materials_pbrSpecularGlossiness"
_JSON = b"JSON"
_BEFORE_CHUNKS, _CHUNK_HEADER = 12, 8  # bytes of a GLB: magic, version and length; length and type of a chunk

Description = dict[str, Any]


class MaterialNotes(NamedTuple):
    """What trimesh drops, by the names that materials got.

    Attributes:
        transforms: (2, 3) affine map of the coordinates of the color texture, where there is one.
        untextured: materials that are not meant to have a color texture; of others it may be lost.
    """

    transforms: dict[str, np.ndarray]
    untextured: set[str]


def read_description(content: bytes, kind: str) -> Description:
    """The description in the bytes of a file; empty if it is broken, which loading it says better.

    Args:
        kind: "glb" or "gltf".
    """
    try:
        description = json.loads(content[_json_chunk(content)] if kind == "glb" else content)
    except (ValueError, RecursionError):
        return {}
    return description if isinstance(description, dict) else {}


def write_description(content: bytes, kind: str, description: Description) -> bytes:
    """The bytes of a file with another description."""
    text = json.dumps(description).encode()
    if kind == "gltf":
        return text
    text += b" " * (-len(text) % 4)
    rest = content[_json_chunk(content).stop :]
    length = _BEFORE_CHUNKS + _CHUNK_HEADER + len(text) + len(rest)
    start = content[:8] + length.to_bytes(4, "little") + len(text).to_bytes(4, "little") + _JSON
    return b"".join([start, text, rest])


def simplify_materials(description: Description) -> MaterialNotes:
    """Change a description so that each material has one base color, laid out by the first set of coordinates.

    Raises:
        AttributeError, IndexError, KeyError, TypeError, ValueError: if it is broken; it may be half changed then.
    """
    notes = MaterialNotes({}, set())
    sets = {}
    for number, material in enumerate(description.get("materials", [])):
        name = material["name"] = f"material {number}"
        texture = _only_color(material)
        if texture is None:
            notes.untextured.add(name)
            continue
        placed = texture.get("extensions", {}).get(_TRANSFORM, {})
        sets[number] = placed.get("texCoord", texture.get("texCoord", 0))
        if placed:
            notes.transforms[name] = _affine(placed)
    for mesh in description.get("meshes", []):
        for primitive in mesh["primitives"]:
            named = sets.get(primitive.get("material"), 0)
            if named != 0:
                attributes = primitive["attributes"]
                attributes.pop("TEXCOORD_0", None)
                if f"TEXCOORD_{named}" in attributes:
                    attributes["TEXCOORD_0"] = attributes[f"TEXCOORD_{named}"]
    return notes


def moved_coordinates(uv: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Texture coordinates (N, 2) of trimesh, whose second one points up, after a transform of glTF's."""
    downward = np.column_stack([uv[:, 0], 1 - uv[:, 1], np.ones(len(uv))]) @ affine.T
    return np.column_stack([downward[:, 0], 1 - downward[:, 1]])


def _only_color(material: dict[str, Any]) -> dict[str, Any] | None:
    """The color texture of a material, reduced to the description of color that counts."""
    gloss = material.get("extensions", {}).pop(_GLOSS, None)
    if gloss is not None:  # the other description is for programs that do not know this one
        known = {"baseColorFactor": gloss.get("diffuseFactor"), "baseColorTexture": gloss.get("diffuseTexture")}
        material["pbrMetallicRoughness"] = {key: value for key, value in known.items() if value is not None}
    base = material.setdefault("pbrMetallicRoughness", {})
    light = material.get("emissiveFactor", (0, 0, 0))
    if any(light) and not any(base.get("baseColorFactor", (1,))[:3]):  # black that shines
        opacity = base["baseColorFactor"][3]
        base.pop("baseColorTexture", None)
        base["baseColorFactor"] = [*light, opacity]
        if "emissiveTexture" in material:
            base["baseColorTexture"] = material["emissiveTexture"]
    color: dict[str, Any] | None = base.get("baseColorTexture")
    return color


def _affine(transform: dict[str, Any]) -> np.ndarray:
    """(2, 3) of KHR_texture_transform: scaled, then turned counter-clockwise where the second axis points down."""
    angle = transform.get("rotation", 0)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    offset = np.array(transform.get("offset", (0, 0)), dtype=float)
    return np.column_stack([turn * np.array(transform.get("scale", (1, 1)), dtype=float), offset])


def _json_chunk(content: bytes) -> slice:
    """Where the first chunk of a GLB has its content."""
    start = _BEFORE_CHUNKS + _CHUNK_HEADER
    return slice(start, start + int.from_bytes(content[_BEFORE_CHUNKS : _BEFORE_CHUNKS + 4], "little"))
