"""The stage that renders views of every stored mesh, and reading them back."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from crossmost.errors import MissingInputError
from crossmost.geometry.meshes import decode_mesh
from crossmost.geometry.sampling import object_generator
from crossmost.rendering.cameras import CameraRig
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


@dataclass(frozen=True)
class ViewsWorker:
    """Renders one stored mesh; the result depends on the object and the seed alone."""

    rig: CameraRig
    supersampling: int
    seed: int

    def __call__(self, item: SampleReference) -> Sample:
        """`<id>.view00.png` … and `<id>.json`."""
        rng = object_generator(item.key, self.seed, "views")
        renderer = Renderer(supersampling=self.supersampling)
        views = renderer.render(decode_mesh(item.load()), self.rig, rng)
        members = {f"view{index:02d}.png": encode_view(view) for index, view in enumerate(views)}
        about = {"n_views": len(views), "image_size": self.rig.image_size, "seed": self.seed}
        return Sample(item.key, {**members, "json": encode_json(about)})


def plan_views(
    meshes: ShardStore, rig: CameraRig, *, supersampling: int = 3, seed: int = 0, n_jobs: int = -1
) -> ShardWork:
    """The work of rendering every object of a `meshes` store."""
    code = code_fingerprint("crossmost.rendering", "crossmost.geometry.meshes", "crossmost.geometry.sampling")
    return ShardWork(
        jobs=meshes.references(),
        worker=ViewsWorker(rig, supersampling, seed),
        settings_fingerprint=fingerprint("views", rig, supersampling, seed, code),
        stage="rendering views",
        n_jobs=n_jobs,
        # A machine without OpenGL must say so once, before any object is blamed for it.
        worker_init=partial(Renderer, supersampling=supersampling),
    )


def encode_view(view: np.ndarray) -> bytes:
    """A picture (H, W, 3) uint8 as PNG; lightly compressed, because small files are not worth the time."""
    buffer = io.BytesIO()
    Image.fromarray(view).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def decode_views(sample: Sample) -> np.ndarray:
    """All views of a stored object in order: (V, H, W, 3) uint8 RGB.

    Raises:
        MissingInputError: the sample holds no views.
    """
    names = sorted(name for name in sample.members if name.startswith("view") and name.endswith(".png"))
    if not names:
        raise MissingInputError(f"object {sample.key} has no views; run: kedro run --pipelines=rendering")
    return np.stack([decode_view(sample.members[name]) for name in names])


def decode_view(content: bytes) -> np.ndarray:
    """One stored picture: (H, W, 3) uint8 RGB."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))
