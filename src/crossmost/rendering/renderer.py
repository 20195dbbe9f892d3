"""Pictures and depth maps of meshes, off screen, without a graphics card if need be."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
import trimesh
from PIL import Image

from crossmost.errors import CrossmostError, MissingInputError
from crossmost.geometry.surfaces import DrawableObject, read_drawable
from crossmost.rendering.cameras import CameraRig, camera_poses, framed_projections, projection_matrices

if TYPE_CHECKING:
    from crossmost.rendering.gl import Context, TileRenderer

VIEWS_PER_PASS = 24  # bounds the size of the framebuffer


@dataclass(frozen=True)
class _Graphics:
    """The one OpenGL context of a process and what draws in it; deleting any context would break all others."""

    context: Context
    tiles: TileRenderer
    process: int

    def draw(
        self,
        drawable: DrawableObject,
        poses: np.ndarray,
        projections: np.ndarray,
        size: int,
        *,
        samples: int = 1,
        depth: bool = False,
    ) -> np.ndarray:
        """As `TileRenderer.draw`, for any number of views."""
        parts = [slice(start, start + VIEWS_PER_PASS) for start in range(0, len(poses), VIEWS_PER_PASS)]
        with self.context:
            views = [
                self.tiles.draw(drawable.surfaces, poses[part], projections[part], size, samples=samples, depth=depth)
                for part in parts
            ]
        return np.concatenate(views)


_graphics: _Graphics | None = None


class Renderer:
    """Renders meshes; all renderers of a process share its one OpenGL context.

    Args:
        image_size: width and height of pictures in pixels; None takes the rig's.
        supersampling: draw at this multiple of the size and average: smooth edges, transparency.

    Raises:
        MissingInputError: the OpenGL libraries are missing.
        CrossmostError: the process was forked from one that renders.
    """

    def __init__(self, image_size: int | None = None, *, supersampling: int = 3) -> None:
        self.image_size = image_size
        self.supersampling = supersampling
        self._graphics = _process_graphics()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to free: the context belongs to the process, meshes and textures go after each object."""

    def render(
        self, mesh: trimesh.Trimesh | trimesh.Scene, rig: CameraRig, rng: np.random.Generator | None = None
    ) -> np.ndarray:
        """Pictures of an object from the cameras of a rig, tightly framed, on white.

        Args:
            mesh: the object, y up, any place and unit.
            rig: where the cameras stand.
            rng: needed when the rig has jitter.

        Returns:
            (V, H, W, 3) uint8 RGB.

        Raises:
            UnreadableObjectError: nothing to draw.
        """
        drawable = read_drawable(mesh)
        poses = camera_poses(rig, rng)
        projections = framed_projections(poses, drawable.vertices, rig.fill_share)
        size = self.image_size or rig.image_size
        factor = self.supersampling
        views = self._graphics.draw(drawable, poses, projections, size * factor, samples=factor)
        if factor > 1:
            column = Image.fromarray(views.reshape(-1, size * factor, 3))  # all views, one below the other
            views = np.asarray(column.reduce(factor)).reshape(-1, size, size, 3)
        return views

    def render_depth(
        self, mesh: trimesh.Trimesh | trimesh.Scene, poses: np.ndarray, size: int, field_of_view: float
    ) -> np.ndarray:
        """Depth maps of an object.

        Args:
            mesh: the object in its own frame and unit.
            poses: (V, 4, 4) camera-to-world in that frame and unit; cameras outside the bounding sphere.
            size: width and height of a map, pixels.
            field_of_view: full angle of the picture, degrees.

        Returns:
            (V, size, size) float32, distance along the camera's axis in the unit of the mesh, 0 where empty.

        Raises:
            UnreadableObjectError: nothing to draw.
            ValueError: a camera inside the bounding sphere.
        """
        drawable = read_drawable(mesh)
        poses = np.array(poses, dtype=np.float64)
        poses[:, :3, 3] = (poses[:, :3, 3] - drawable.center) / drawable.radius
        distance = np.linalg.norm(poses[:, :3, 3], axis=1)
        if distance.min() <= 1:
            raise ValueError(f"a depth camera is inside the object's bounding sphere ({distance.min():.3g} radii)")
        near, far = np.maximum((distance - 1) * 0.9, 1e-3), distance + 1
        focal = np.full(len(poses), 1 / np.tan(np.radians(field_of_view) / 2))
        projections = projection_matrices(focal, np.zeros((len(poses), 2)), near, far)
        stored = self._graphics.draw(drawable, poses, projections, size, depth=True)
        # The projection turned depth into 2 · stored − 1 = m23 / depth − m22.
        m22, m23 = projections[:, 2, 2, None, None], projections[:, 2, 3, None, None]
        depth = m23 / (2.0 * stored - 1.0 + m22) * drawable.radius
        return np.where(stored < 1, depth, 0).astype(np.float32)


def _process_graphics() -> _Graphics:
    global _graphics
    if _graphics is None:
        _graphics = _start_graphics()
    if _graphics.process != os.getpid():
        raise CrossmostError(
            "this process was forked from one that renders, which OpenGL does not survive: spawn it instead"
        )
    return _graphics


def _start_graphics() -> _Graphics:
    try:
        from crossmost.rendering.gl import Context, TileRenderer  # loads the OpenGL libraries

        context = Context()
        with context:
            return _Graphics(context, TileRenderer(), os.getpid())
    except (ImportError, OSError, AttributeError, AssertionError, IndexError, RuntimeError, ValueError) as error:
        # What PyOpenGL raises depends on which library is missing; the cause is shown below this message.
        raise MissingInputError(
            "rendering needs OpenGL without a screen (EGL), which could not be started "
            f"({type(error).__name__}: {error}); on Debian or Ubuntu: "
            "sudo apt-get install libegl1 libgl1-mesa-dri"
        ) from error
