"""Rendering as many published repositories do it: a loop around pyrender's `OffscreenRenderer`.

For `benchmarks.rendering`, in a process of its own: deleting an OpenGL context breaks all others of its process, and
every `delete()` collects garbage, which takes the longer the more a process has imported. So this imports no more than
the loop needs. A line of JSON with the arguments of `render_objects` on standard input is answered by one with seconds
by part.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import trimesh
from PIL import Image

os.environ.setdefault("PYOPENGL_PLATFORM", "egl")  # read when pyrender is imported

import pyrender


def render_objects(
    folder: str, names: list[str], size: int, *, keep_renderer: bool, silhouettes: str | None = None
) -> dict[str, float]:
    """Render every view of some objects to PNG files, which are thrown away.

    Args:
        folder: holds `<name>.glb`, and `<name>.npz` with `to_unit_radius` (4, 4), `poses` and `projections` (V, 4, 4).
        names: the objects.
        size: width and height of pictures, pixels.
        keep_renderer: make one renderer for all objects, not one for each.
        silhouettes: also write these (objects · V, bytes of packed bits) to this file.

    Returns:
        Seconds by part.
    """
    seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def part(name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        seconds[name] += time.perf_counter() - started

    masks = []
    kept = pyrender.OffscreenRenderer(size, size) if keep_renderer else None
    with TemporaryDirectory() as out:
        for name in names:
            with part("decode"):
                mesh = trimesh.load_scene(Path(folder, f"{name}.glb"))
                placed = np.load(Path(folder, f"{name}.npz"))
                mesh.apply_transform(placed["to_unit_radius"])
            with part("context"):
                renderer = kept or pyrender.OffscreenRenderer(size, size)
            with part("scene"):
                scene = pyrender.Scene.from_trimesh_scene(mesh, bg_color=np.ones(4), ambient_light=np.full(3, 0.3))
                camera = pyrender.IntrinsicsCamera(1, 1, 0, 0)
                nodes = [scene.add(camera), scene.add(pyrender.DirectionalLight(intensity=3.0))]
            for view, (pose, projection) in enumerate(zip(placed["poses"], placed["projections"], strict=True)):
                with part("draw"):
                    _aim(camera, projection, size)
                    for node in nodes:
                        scene.set_pose(node, pose)
                    color, depth = renderer.render(scene)
                with part("encode"):
                    Image.fromarray(color).save(Path(out, f"{name}.view{view:02d}.png"))
                if silhouettes is not None:
                    masks.append(np.packbits(depth > 0))
            if kept is None:
                with part("delete"):
                    renderer.delete()
    if kept is not None:
        kept.delete()
    if silhouettes is not None:
        np.save(silhouettes, np.stack(masks))
    return seconds


def _aim(camera: Any, projection: np.ndarray, size: int) -> None:
    """Give pyrender's camera of intrinsics the values of a projection matrix."""
    camera.fx = camera.fy = projection[0, 0] * size / 2
    camera.cx, camera.cy = (1 - projection[0, 2]) * size / 2, (1 + projection[1, 2]) * size / 2
    camera.znear = projection[2, 3] / (projection[2, 2] - 1)
    camera.zfar = projection[2, 3] / (projection[2, 2] + 1)


def main() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        print(json.dumps(render_objects(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
