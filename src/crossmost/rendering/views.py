"""The stage that gives every stored object its views (own pictures, renders or depth views), and reading them back."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from crossmost.errors import MissingInputError
from crossmost.geometry.meshes import decode_mesh, decode_points
from crossmost.geometry.sampling import object_generator, sample_surface
from crossmost.rendering.cameras import CameraRig
from crossmost.rendering.depth_views import DepthViewSettings, draw_depth_views
from crossmost.rendering.renderer import Renderer
from crossmost.shards import (
    Sample,
    SampleReference,
    ShardStore,
    ShardWork,
    code_fingerprint,
    encode_json,
    fingerprint,
)

ViewsFrom = Literal["auto", "render", "depth"]
"""Where views come from. `auto`: pictures that came with the object, else renders of its mesh, else depth views of its
cloud. `render`: renders of every mesh, whatever pictures came with it. `depth`: depth views of every object."""


@dataclass(frozen=True)
class ViewsWorker:
    """Makes the views of one stored object; the result depends on the object and the seed alone."""

    rig: CameraRig
    supersampling: int
    seed: int
    views_from: ViewsFrom
    depth: DepthViewSettings

    def __call__(self, item: SampleReference) -> Sample:
        """`<id>.view00.png` … and `<id>.json`."""
        rng = object_generator(item.key, self.seed, "views")
        stored = item.load()
        views = self._own_pictures(stored)
        if views is None:
            views = self._depth_views(stored, rng)
        if views is None:
            # Made on demand: collections of clouds need no OpenGL. The context belongs to the process and is kept.
            views = Renderer(supersampling=self.supersampling).render(decode_mesh(stored), self.rig, rng)
        members = {f"view{index:02d}.png": encode_view(view) for index, view in enumerate(views)}
        about = {"n_views": len(views), "image_size": self.rig.image_size, "seed": self.seed}
        return Sample(item.key, {**members, "json": encode_json(about)})

    def _own_pictures(self, stored: Sample) -> np.ndarray | None:
        """Pictures that came with the object, spread evenly over what there is; None if others are wanted."""
        names = sorted(name for name in stored.members if name.startswith("picture"))
        if self.views_from == "depth" or not names or (self.views_from == "render" and "glb" in stored.members):
            return None
        chosen = [names[number * len(names) // self.rig.n_views] for number in range(self.rig.n_views)]
        size = (self.rig.image_size, self.rig.image_size)
        pictures = {name: Image.fromarray(decode_view(stored.members[name])).resize(size) for name in set(chosen)}
        return np.stack([np.asarray(pictures[name]) for name in chosen])

    def _depth_views(self, stored: Sample, rng: np.random.Generator) -> np.ndarray | None:
        """Depth views of a cloud, or of a mesh if they are asked for; None if the mesh shall be rendered."""
        cloud = decode_points(stored)
        if cloud is not None:
            return draw_depth_views(cloud[0], self.rig, self.depth, rng)
        if self.views_from != "depth":
            return None
        surface = object_generator(stored.key, self.seed, "depth surface")
        points = sample_surface(decode_mesh(stored), self.depth.surface_points, surface)
        return draw_depth_views(points, self.rig, self.depth, rng)


def plan_views(
    meshes: ShardStore,
    rig: CameraRig,
    *,
    supersampling: int = 3,
    seed: int = 0,
    views_from: ViewsFrom = "auto",
    depth: DepthViewSettings | None = None,
    n_jobs: int = -1,
    cluster: str | None = None,
) -> ShardWork:
    """The work of making the views of every object of a `meshes` store."""
    depth = depth or DepthViewSettings()
    code = code_fingerprint(
        "crossmost.rendering",
        "crossmost.geometry.depth_projection",
        "crossmost.geometry.meshes",
        "crossmost.geometry.normalize",
        "crossmost.geometry.sampling",
        "crossmost.geometry.surfaces",
    )
    return ShardWork(
        jobs=meshes.references(),
        worker=ViewsWorker(rig, supersampling, seed, views_from, depth),
        settings_fingerprint=fingerprint("views", rig, supersampling, seed, views_from, depth, code),
        stage="rendering views",
        n_jobs=n_jobs,
        cluster=cluster,
    )


def encode_view(view: np.ndarray) -> bytes:
    """A picture (H, W, 3) uint8 as PNG; lightly compressed, because small files are not worth the time."""
    buffer = io.BytesIO()
    Image.fromarray(view).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def decode_views(sample: Sample, part: Any = slice(None)) -> np.ndarray:
    """Views of a stored object in order: (V, H, W, 3) uint8 RGB.

    Args:
        part: which of them; only these are decoded.

    Raises:
        MissingInputError: the sample holds no views.
    """
    names = sorted(name for name in sample.members if name.startswith("view") and name.endswith(".png"))
    if not names:
        raise MissingInputError(f"object {sample.key} has no views; run: kedro run --pipelines=rendering")
    chosen = np.asarray(names)[part]
    if chosen.ndim == 0:
        return decode_view(sample.members[str(chosen)])
    return np.stack([decode_view(sample.members[name]) for name in chosen])


def decode_view(content: bytes) -> np.ndarray:
    """One stored picture: (H, W, 3) uint8 RGB."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))
