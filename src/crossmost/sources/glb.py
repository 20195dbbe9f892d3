"""Textured meshes as compact GLB: few parts, small textures, no names or metadata that could give a label away."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import trimesh
from PIL import Image
from trimesh.visual.color import ColorVisuals
from trimesh.visual.material import MultiMaterial, PBRMaterial, SimpleMaterial
from trimesh.visual.texture import TextureVisuals

from crossmost.errors import UnreadableObjectError

MAX_TEXTURE_SIDE = 512
"""Pixels; textures of larger sides are shrunk."""
HUGE_TEXTURE_SIDE = 4096
"""Pixels; larger textures, as photogrammetry makes them, are read at a coarser resolution if their format can."""
COARSEST_STEP = 1e-6
"""Between float32 numbers where the corners of a mesh are, in lengths of its longest side."""
WHITE = np.full(4, 255, dtype=np.uint8)
DEFAULT_COLOR = (160, 160, 160, 255)
"""RGBA for surfaces without any color."""


@dataclass(frozen=True)
class _Part:
    """Triangles without a texture, or with the same one."""

    vertices: np.ndarray  # (N, 3) float64
    faces: np.ndarray  # (F, 3) int64
    colors: np.ndarray  # (N, 4) uint8 RGBA, multiplied with the image
    uv: np.ndarray | None  # (N, 2), only with an image
    image: Image.Image | None


def compact_scene(scene: trimesh.Scene) -> trimesh.Scene:
    """The same surface and colors in as few parts as possible.

    All opaque untextured triangles become one part with vertex colors, transparent ones one part per color and another
    with vertex colors for those whose corners differ, textured ones one part per texture, with vertex colors where
    corners tint it. Colors stay as the source has them (display-referred sRGB). A texture that cannot be decoded, or
    has no coordinates, gives way to a flat color.

    The surface stays where it is, unless the coordinates of a GLB (float32) are too coarse there for its size, as they
    are in map coordinates; then the middle of its bounding box is moved to the origin.

    Raises:
        UnreadableObjectError: if no triangle is left.
    """
    parts = [part for placed in _placed_parts(scene) for part in _split_transparent(placed)]
    groups: dict[object, list[_Part]] = {}
    for part in parts:
        groups.setdefault(_group_of(part), []).append(part)
    if not groups:
        raise UnreadableObjectError("the mesh has no triangles")
    compacted = trimesh.Scene()
    for number, group in enumerate(groups.values()):
        compacted.add_geometry(_merge(group), geom_name=f"part{number}", node_name=f"part{number}")
    return _near_enough(compacted)


def to_glb(scene: trimesh.Scene) -> bytes:
    """A scene as GLB bytes; the same bytes for the same scene."""
    return bytes(scene.export(file_type="glb", include_normals=False))


def from_glb(content: bytes) -> trimesh.Scene:
    """A scene from GLB bytes.

    Raises:
        UnreadableObjectError: if the bytes are no GLB.
    """
    try:
        return trimesh.load_scene(io.BytesIO(content), file_type="glb", process=False)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise UnreadableObjectError(f"no valid GLB: {error}") from error


def _near_enough(scene: trimesh.Scene) -> trimesh.Scene:
    """The scene, moved to the origin if float32 is coarser where it stands than `COARSEST_STEP` allows."""
    step = np.finfo(np.float32).eps * np.abs(scene.bounds).max()
    if step > COARSEST_STEP * scene.extents.max():
        middle = scene.bounds.mean(axis=0)
        for mesh in scene.geometry.values():
            mesh.apply_translation(-middle)
    return scene


def _placed_parts(scene: trimesh.Scene) -> Iterator[_Part]:
    """Meshes of a scene in its own frame, in a fixed order."""
    for node in scene.graph.nodes_geometry:
        matrix, name = scene.graph[node]
        mesh = scene.geometry[name]
        if isinstance(mesh, trimesh.Trimesh) and len(mesh.faces):
            # Placed without its textures: copies of these may take gigabytes, and lack the colors of corners.
            placed = trimesh.Trimesh(mesh.vertices.copy(), mesh.faces.copy(), process=False)
            placed.apply_transform(matrix)
            yield _read_mesh(np.asarray(placed.vertices), np.asarray(placed.faces), mesh.visual)


def _read_mesh(vertices: np.ndarray, faces: np.ndarray, visual: object) -> _Part:
    if isinstance(visual, TextureVisuals):
        color, image = _read_material(visual.material)
        uv, tint = visual.uv, visual.vertex_attributes.get("color")
        if image is not None and (uv is None or len(uv) != len(vertices) or not np.isfinite(uv).all()):
            color, image = _average_color(image), None
        colors = np.tile(np.array(color, dtype=np.uint8), (len(vertices), 1))
        if tint is not None and len(tint) == len(vertices):
            colors = (colors * (_with_alpha(tint) / 255)).round().astype(np.uint8)
        return _Part(vertices, faces, colors, None if image is None else np.asarray(uv)[:, :2], image)
    if isinstance(visual, ColorVisuals) and visual.kind == "face":
        # Every face gets corners of its own: its color must not blend into its neighbors'.
        colors = np.repeat(_with_alpha(visual.face_colors), 3, axis=0)
        return _Part(vertices[faces].reshape(-1, 3), np.arange(3 * len(faces)).reshape(-1, 3), colors, None, None)
    if isinstance(visual, ColorVisuals) and visual.kind == "vertex":
        return _Part(vertices, faces, _with_alpha(visual.vertex_colors), None, None)
    colors = np.tile(np.array(DEFAULT_COLOR, dtype=np.uint8), (len(vertices), 1))
    return _Part(vertices, faces, colors, None, None)


def _with_alpha(colors: np.ndarray) -> np.ndarray:
    """(N, 4) uint8 RGBA; an alpha of zero everywhere means that nobody set it."""
    colors = np.array(colors, dtype=np.uint8)
    if not colors[:, 3].any():
        colors[:, 3] = 255
    return colors


def _read_material(
    material: SimpleMaterial | PBRMaterial | MultiMaterial | None,
) -> tuple[tuple[int, ...], Image.Image | None]:
    """RGBA factor (0 to 255) and the color texture."""
    if isinstance(material, MultiMaterial):
        material = material.materials[0] if material.materials else None
    if isinstance(material, SimpleMaterial):
        image, color = material.image, np.array(material.diffuse, dtype=float)
        color[3] = 255 * _opacity(material.kwargs)
    elif isinstance(material, PBRMaterial):
        image, color = material.baseColorTexture, np.array(material.main_color, dtype=float)
        if material.alphaMode in (None, "OPAQUE"):
            color[3] = 255
    else:
        return DEFAULT_COLOR, None
    texture = None if image is None else _shrink(image, material)
    if texture is not None and not (isinstance(material, PBRMaterial) and material.baseColorFactor is not None):
        color[:3] = 255  # beside the texture of an MTL material exporters leave any diffuse color, often a dark one
    return tuple(color.round().astype(int).tolist()), texture


def _opacity(properties: dict[str, object]) -> float:
    """Opacity of an MTL material: `d 0.3` is opacity 0.3, `Tr 0.7` as well; `d` counts if both are there."""
    for key in ("d", "tr"):
        values = properties.get(key)
        if isinstance(values, list) and values:
            try:
                number = float(np.clip(float(values[-1]), 0, 1))
            except ValueError:
                continue
            return 1 - number if key == "tr" else number
    return 1.0


def _shrink(image: Image.Image, material: SimpleMaterial | PBRMaterial) -> Image.Image | None:
    """The image with at most `MAX_TEXTURE_SIDE` pixels a side, RGB or RGBA; None if it cannot be decoded.

    Its alpha is what the material makes of it: nothing where a glTF material is opaque, all or nothing where it masks.
    """
    try:
        if max(image.size) > HUGE_TEXTURE_SIDE:
            image.draft("RGB", (MAX_TEXTURE_SIDE, MAX_TEXTURE_SIDE))  # JPEG can decode straight to a smaller size
        if image.mode.startswith("I") or image.mode == "F":
            image = _eight_bits(image)
        mode = (material.alphaMode or "OPAQUE") if isinstance(material, PBRMaterial) else "BLEND"
        has_alpha = mode != "OPAQUE" and (image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info)
        shrunk = _colors(image) if not has_alpha else image.convert("RGBA")
        if has_alpha and mode == "MASK":
            cutoff = 0.5 if material.alphaCutoff is None else material.alphaCutoff  # type: ignore[union-attr]
            shrunk.putalpha(shrunk.getchannel("A").point(lambda alpha: 255 if alpha >= 255 * cutoff else 0))
        if has_alpha and shrunk.getchannel("A").getextrema() == (255, 255):
            shrunk, has_alpha = shrunk.convert("RGB"), False
        scale = MAX_TEXTURE_SIDE / max(shrunk.size)
        if scale < 1:
            size = (max(1, round(shrunk.width * scale)), max(1, round(shrunk.height * scale)))
            # Premultiplied: invisible pixels must not bleed their color into visible ones.
            shrunk = (
                shrunk.convert("RGBa" if has_alpha else "RGB")
                .resize(size, Image.Resampling.BOX)
                .convert("RGBA" if has_alpha else "RGB")
            )
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    shrunk.info.clear()
    shrunk.format = None if has_alpha else "JPEG"  # tells the exporter: photographs as JPEG, cut-outs as PNG
    return shrunk


def _colors(image: Image.Image) -> Image.Image:
    """RGB, also of what is transparent."""
    return (image.convert("RGBA") if image.mode in ("P", "PA") else image).convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey image of more bits with the same brightness; Pillow's own conversion cuts all that is above 255."""
    levels = np.nan_to_num(np.asarray(image, dtype=np.float64))
    highest = levels.max(initial=0)
    # Sixteen bits say what white is; wider numbers may be shares, bytes or sixteen bits themselves.
    white = (
        65535 if image.mode.startswith("I;16") else next((top for top in (1, 255, 65535) if highest <= top), highest)
    )
    return Image.fromarray((255 * levels / white).round().clip(0, 255).astype(np.uint8))


def _average_color(image: Image.Image) -> tuple[int, ...]:
    """Average RGB of the visible pixels, opaque."""
    pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4)
    visible = pixels[pixels[:, 3] > 16]
    if len(visible) == 0:
        return DEFAULT_COLOR
    return (*(int(channel) for channel in visible[:, :3].mean(axis=0).round()), 255)


def _split_transparent(part: _Part) -> list[_Part]:
    """Untextured triangles apart by opaque or transparent, so that viewers can draw the latter last."""
    if part.image is not None:
        return [part]
    see_through = (part.colors[:, 3] < 255)[part.faces].any(axis=1)
    return [_with_faces(part, part.faces[chosen]) for chosen in (~see_through, see_through) if chosen.any()]


def _with_faces(part: _Part, faces: np.ndarray) -> _Part:
    return _Part(part.vertices, faces, part.colors, part.uv, part.image)


def _group_of(part: _Part) -> object:
    """Parts of one group can be merged."""
    if part.image is not None:
        color = part.colors[0].tobytes() if _is_one_color(part.colors) else "of many colors"
        return part.image.mode, part.image.size, part.image.tobytes(), color
    colors = part.colors[part.faces.ravel()]
    if (colors[:, 3] == 255).all():
        return "opaque"
    return ("transparent", colors[0].tobytes()) if _is_one_color(colors) else "transparent, of many colors"


def _is_one_color(colors: np.ndarray) -> bool:
    return bool((colors == colors[0]).all())


def _merge(parts: list[_Part]) -> trimesh.Trimesh:
    offsets = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    vertices = np.concatenate([part.vertices for part in parts])
    faces = np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)])
    used, faces = np.unique(faces, return_inverse=True)
    faces = faces.reshape(-1, 3)
    colors = np.concatenate([part.colors for part in parts])[used]
    first = parts[0]
    visual: ColorVisuals | TextureVisuals
    if first.image is not None:
        uv = np.concatenate([part.uv for part in parts if part.uv is not None])[used]
        cut_out = first.image.mode == "RGBA" or (colors[:, 3] < 255).any()
        is_tinted = not _is_one_color(colors)
        visual = TextureVisuals(uv=uv, material=_material(WHITE if is_tinted else colors[0], first.image, cut_out))
        if is_tinted:
            visual.vertex_attributes["color"] = colors
    elif colors[0, 3] < 255 and _is_one_color(colors):
        visual = TextureVisuals(uv=np.zeros((len(used), 2)), material=_material(colors[0], None, True))
    else:
        visual = ColorVisuals(vertex_colors=colors)
    return trimesh.Trimesh(vertices[used], faces, visual=visual, process=False)


def _material(color: np.ndarray, image: Image.Image | None, blend: bool) -> PBRMaterial:
    return PBRMaterial(
        baseColorFactor=color,
        baseColorTexture=image,
        alphaMode="BLEND" if blend else "OPAQUE",
        metallicFactor=0.0,
        roughnessFactor=0.9,
        doubleSided=True,
    )
