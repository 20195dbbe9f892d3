"""From meshes in all their variety to what the graphics card draws, and to the color of any point of their surface.

Colors come from wherever the mesh keeps them (vertices, faces, materials, textures, and vertices that tint textures);
whatever is broken about them falls back to a flat color, because an object with a wrong color is still worth a picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import trimesh
from PIL import Image
from trimesh.visual.color import to_rgba
from trimesh.visual.material import MultiMaterial, PBRMaterial, SimpleMaterial
from trimesh.visual.texture import TextureVisuals

from crossmost.errors import UnreadableObjectError
from crossmost.geometry.sampling import SurfacePoints

MAX_TEXTURE_SIDE = 512  # pixels; a picture shows a texture on far fewer
DEFAULT_COLOR = np.array([0.62, 0.62, 0.62, 1.0], dtype=np.float32)  # for meshes without any color
LEAST_OPACITY = 0.4  # glass must remain visible
DARKEST_TINT = 0.25  # a darker factor on a texture means "unset" in many exporters, and so does any gray one


@dataclass(frozen=True)
class Surface:
    """Triangles that share one texture.

    Attributes:
        vertices: (N, 3) float32, y up.
        colors: (N, 4) float32 RGBA in [0, 1], multiplied with the texture.
        uv: (N, 2) float32 texture coordinates, v up; zeros where there is no texture.
        faces: (F, 3) uint32.
        texture: (H, W, 4) uint8 RGBA, first row at the top, or None.
    """

    vertices: np.ndarray
    colors: np.ndarray
    uv: np.ndarray
    faces: np.ndarray
    texture: np.ndarray | None


@dataclass(frozen=True)
class DrawableObject:
    """An object ready to be drawn: bounding box centered on the origin, farthest vertex at distance 1.

    Attributes:
        surfaces: at least one.
        center: (3,) float64, where the origin was in the mesh's own frame.
        radius: length of one unit in the unit of the mesh.
    """

    surfaces: tuple[Surface, ...]
    center: np.ndarray
    radius: float

    @property
    def vertices(self) -> np.ndarray:
        """(N, 3) float32 of all surfaces."""
        return np.concatenate([surface.vertices for surface in self.surfaces])


def read_drawable(mesh: trimesh.Trimesh | trimesh.Scene) -> DrawableObject:
    """All triangles of an object, merged by texture, centered, scaled to unit radius.

    Args:
        mesh: object in its own frame and unit.

    Raises:
        UnreadableObjectError: no face with finite corners, or no extent.
    """
    by_texture: dict[int | None, list[Surface]] = {}
    textures: dict[int, np.ndarray | None] = {}
    for part, matrix in _parts(mesh):
        surface, image = _read_part(part, matrix)
        if surface is None:
            continue
        if image is not None and id(image) not in textures:
            textures[id(image)] = read_texture(image)
        texture = None if image is None else textures[id(image)]
        if image is not None and texture is None:
            image = None  # unreadable: the material's own color remains
        by_texture.setdefault(None if image is None else id(image), []).append(surface)
    if not by_texture:
        raise UnreadableObjectError("the mesh has no face with finite corners")
    merged = [_merge(parts, None if key is None else textures[key]) for key, parts in by_texture.items()]
    return _to_unit_radius(merged)


def surface_colors(mesh: trimesh.Trimesh | trimesh.Scene, surface: SurfacePoints) -> np.ndarray | None:
    """Colors of points of a surface as they are drawn, but without light and transparency.

    Args:
        mesh: the one that the points were drawn from.
        surface: n points.

    Returns:
        (n, 3) uint8 RGB; None if no part of the mesh has a color or texture of its own.
    """
    parts = _parts(mesh)
    if not any(_has_color(part.visual) for part, _ in parts):
        return None
    colors = np.empty((len(surface.face), 3), dtype=np.float64)
    textures: dict[int, np.ndarray | None] = {}
    first = 0
    for part, matrix in parts:
        read, image = _read_part(part, matrix)
        if read is None:
            continue
        of_part = (surface.face >= first) & (surface.face < first + len(read.faces))
        corners, weights = read.faces[surface.face[of_part] - first], surface.weights[of_part, :, None]
        first += len(read.faces)
        found = (read.colors[corners, :3] * weights).sum(1)
        if image is not None:
            if id(image) not in textures:
                textures[id(image)] = read_texture(image)
            texels = textures[id(image)]
            if texels is not None:
                found = found * _texels_at(texels, (read.uv[corners] * weights).sum(1))
        colors[of_part] = found
    return np.rint(255 * colors.clip(0, 1)).astype(np.uint8)


def _has_color(visual: object) -> bool:
    if isinstance(visual, TextureVisuals):
        material = visual.material
        if isinstance(material, PBRMaterial):
            return material.baseColorFactor is not None or material.baseColorTexture is not None
        return material is not None
    return getattr(visual, "kind", None) in ("vertex", "face")


def _texels_at(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """Colors (n, 3) in [0, 1] of the nearest texels; coordinates repeat."""
    height, width = texture.shape[:2]
    column = (uv[:, 0] % 1 * width).astype(int).clip(max=width - 1)
    row = ((1 - uv[:, 1]) % 1 * height).astype(int).clip(max=height - 1)
    return texture[row, column, :3] / 255


def read_texture(image: Image.Image) -> np.ndarray | None:
    """Texture as (H, W, 4) uint8 RGBA of at most 512 pixels a side; None if the file cannot be decoded."""
    try:
        image.draft("RGB", (MAX_TEXTURE_SIDE, MAX_TEXTURE_SIDE))  # JPEG decodes straight to a smaller size
        if image.mode.startswith("I") or image.mode == "F":
            levels = np.asarray(image, dtype=np.float64)
            image = Image.fromarray((255 * levels / max(float(levels.max()), 1.0)).astype(np.uint8))
        # Premultiplied alpha while shrinking: invisible texels must not bleed their color into visible ones.
        scale = MAX_TEXTURE_SIDE / max(image.size)
        image = image.convert("RGBA")
        if scale < 1:
            size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
            image = image.convert("RGBa").resize(size, Image.Resampling.BOX).convert("RGBA")
        texels = np.array(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    if texels.size == 0:
        return None
    if texels[..., 3].max() < 16:  # an alpha channel that hides everything is a mistake of the exporter
        texels[..., 3] = 255
    return texels


def _parts(mesh: trimesh.Trimesh | trimesh.Scene) -> list[tuple[trimesh.Trimesh, np.ndarray]]:
    """Meshes with their 4×4 placement, in a fixed order."""
    if isinstance(mesh, trimesh.Trimesh):
        return [(mesh, np.eye(4))]
    placed = []
    for node in sorted(mesh.graph.nodes_geometry):
        matrix, name = mesh.graph[node]
        if isinstance(mesh.geometry[name], trimesh.Trimesh):
            placed.append((mesh.geometry[name], np.asarray(matrix)))
    return placed


def _read_part(part: trimesh.Trimesh, matrix: np.ndarray) -> tuple[Surface | None, Image.Image | None]:
    """One mesh as a surface without its texture, and the image of its texture."""
    with np.errstate(invalid="ignore"):  # corners that are not finite are dealt with below
        vertices = np.asarray(part.vertices) @ matrix[:3, :3].T + matrix[:3, 3]
    all_faces = np.asarray(part.faces).reshape(-1, 3)
    keep = np.isfinite(vertices).all(axis=1)[all_faces].all(axis=1)
    faces = all_faces[keep]
    if len(faces) == 0:
        return None, None
    colors = np.tile(DEFAULT_COLOR, (len(vertices), 1))
    uv = np.zeros((len(vertices), 2), dtype=np.float32)
    image = None
    visual = part.visual
    if isinstance(visual, TextureVisuals):
        color, image = _material(visual.material)
        coordinates = visual.uv
        if coordinates is None or len(coordinates) != len(vertices):
            if image is not None:
                color = color * _average_color(image)
            image = None
        elif image is not None:
            uv = np.nan_to_num(np.asarray(coordinates, dtype=np.float32)[:, :2])
        colors[:] = color * _tint(visual, len(vertices))
    elif visual is not None and visual.kind == "vertex":
        colors[:] = np.asarray(visual.vertex_colors, dtype=np.float32) / 255
    elif visual is not None and visual.kind == "face":
        # Each face gets corners of its own, so that its color does not blend into its neighbors'.
        vertices = vertices[faces].reshape(-1, 3)
        colors = np.repeat(np.asarray(visual.face_colors, dtype=np.float32)[keep] / 255, 3, axis=0)
        uv = np.zeros((len(vertices), 2), dtype=np.float32)
        faces = np.arange(len(vertices)).reshape(-1, 3)
    if colors[:, 3].max(initial=0) < 0.02:  # an alpha of zero everywhere means "unset"
        colors[:, 3] = 1.0
    colors[:, 3] = np.maximum(colors[:, 3], LEAST_OPACITY)
    return Surface(vertices, colors, uv, faces, None), image


def _tint(visual: TextureVisuals, n: int) -> np.ndarray:
    """(n, 4) RGBA in [0, 1] by which the corners of a textured mesh change it; ones if they do not."""
    tint = visual.vertex_attributes.get("color")
    if tint is None or len(tint) != n:
        return np.ones((n, 4), dtype=np.float32)
    tint = to_rgba(tint).astype(np.float32) / 255
    if getattr(visual.material, "alphaMode", None) == "OPAQUE":
        tint[:, 3] = 1
    return tint


def _material(
    material: SimpleMaterial | PBRMaterial | MultiMaterial | None,
) -> tuple[np.ndarray, Image.Image | None]:
    """RGBA factor in [0, 1] and the color texture of a material."""
    if isinstance(material, MultiMaterial):
        material = material.materials[0] if material.materials else None
    if isinstance(material, PBRMaterial):
        image = material.baseColorTexture
        color = np.ones(4) if material.baseColorFactor is None else np.asarray(material.main_color) / 255
        if material.alphaMode == "OPAQUE":
            color = np.append(color[:3], 1.0)
    elif isinstance(material, SimpleMaterial):
        image = material.image
        color = np.asarray(material.diffuse) / 255
        color = np.append(color[:3], color[3] * _opacity(material.kwargs))
    else:
        return DEFAULT_COLOR, None
    is_unset = color[:3].max() < DARKEST_TINT or np.ptp(color[:3]) < 0.02  # as exporters of MTL leave it
    if isinstance(material, SimpleMaterial) and image is not None and is_unset:
        color = np.append(np.ones(3), color[3])
    return color.astype(np.float32), image if isinstance(image, Image.Image) else None


def _opacity(properties: dict[str, object]) -> float:
    """Opacity in an MTL material: `d 0.3` or `d -halo 0.3` is opacity, `Tr 0.7` transparency."""
    for key, invert in (("d", False), ("tr", True)):
        value = properties.get(key)
        if isinstance(value, list) and value:
            try:
                number = float(value[-1])
            except ValueError:
                continue
            return float(np.clip(1 - number if invert else number, 0, 1))
    return 1.0


def _average_color(image: Image.Image) -> np.ndarray:
    """Average RGBA in [0, 1] of the visible texels; white if the image cannot be decoded."""
    texels = read_texture(image)
    if texels is None:
        return np.ones(4, dtype=np.float32)
    visible = texels.reshape(-1, 4)[texels[..., 3].ravel() > 16]
    return np.append(visible[:, :3].mean(axis=0) / 255, 1.0).astype(np.float32)


def _merge(parts: list[Surface], texture: np.ndarray | None) -> Surface:
    offsets = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    return Surface(
        vertices=np.concatenate([part.vertices for part in parts]),
        colors=np.concatenate([part.colors for part in parts]),
        uv=np.concatenate([part.uv for part in parts]),
        faces=np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)]),
        texture=texture,
    )


def _to_unit_radius(surfaces: list[Surface]) -> DrawableObject:
    """Keep the vertices that faces use, center and scale them together."""
    used = []
    for surface in surfaces:
        is_used = np.zeros(len(surface.vertices), dtype=bool)
        is_used[surface.faces.ravel()] = True
        used.append(surface.vertices[is_used])
    lowest = np.min([vertices.min(axis=0) for vertices in used], axis=0)
    highest = np.max([vertices.max(axis=0) for vertices in used], axis=0)
    center = lowest / 2 + highest / 2
    radius = max(float(np.linalg.norm(vertices - center, axis=1).max()) for vertices in used)
    if not np.isfinite(radius) or radius <= 1e-12:
        raise UnreadableObjectError(f"the mesh has no extent (its radius is {radius})")
    units = []
    for surface in surfaces:
        # Vertices that no face uses may be anything, also not finite: they go to the middle.
        vertices = np.nan_to_num((surface.vertices - center) / radius, nan=0.0, posinf=0.0, neginf=0.0)
        units.append(
            Surface(
                vertices=np.clip(vertices, -1, 1).astype(np.float32),
                colors=surface.colors.astype(np.float32),
                uv=surface.uv,
                faces=surface.faces.astype(np.uint32),
                texture=surface.texture,
            )
        )
    return DrawableObject(tuple(units), center, radius)
