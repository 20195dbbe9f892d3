"""The source domain of pre-training: captioned procedural shapes, rendered and sampled, and nothing else."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from crossmost.geometry import normalize_cloud, object_generator, sample_surface
from crossmost.pretraining.settings import SourceSettings
from crossmost.pretraining.trainer import CaptionedObjects
from crossmost.progress import track
from crossmost.rendering import CameraRig, Renderer, decode_views, encode_view
from crossmost.shards import (
    Sample,
    ShardStore,
    ShardWork,
    chunk_into_shards,
    code_fingerprint,
    decode_array,
    decode_json,
    encode_array,
    encode_json,
    fingerprint,
)
from crossmost.sources.shapes.generator import CLASSES, generate_shape

SUPERSAMPLING = 2  # augmentation resamples the pictures anyway: less than the target's is smooth enough


@dataclass(frozen=True)
class ShapeItem:
    """One shape to generate."""

    class_name: str
    seed: int

    @property
    def key(self) -> str:
        """Name of the object in the store."""
        return f"{self.class_name}-{self.seed:08d}"

    @property
    def fingerprint(self) -> str:
        """The item is its own input."""
        return self.key


@dataclass(frozen=True)
class SourceWorker:
    """Generates one shape, renders it from random directions and samples its whole surface."""

    rig: CameraRig
    n_points: int

    def __call__(self, item: ShapeItem) -> Sample:
        """``<id>.view00.png`` …, ``<id>.points.npy`` (float16) and ``<id>.json`` with class and captions."""
        shape = generate_shape(item.class_name, item.seed)
        views = Renderer(supersampling=SUPERSAMPLING).render(
            shape.mesh, self.rig, object_generator(item.key, item.seed, "views")
        )
        cloud = sample_surface(shape.mesh, self.n_points, object_generator(item.key, item.seed, "cloud"))
        members = {f"view{index:02d}.png": encode_view(view) for index, view in enumerate(views)}
        about = {"class_name": shape.class_name, "sub_type": shape.sub_type, "captions": list(shape.captions)}
        return Sample(
            item.key,
            {
                **members,
                "points.npy": encode_array(normalize_cloud(cloud).astype(np.float16)),
                "json": encode_json(about),
            },
        )


def plan_source(settings: SourceSettings, n_jobs: int) -> ShardWork:
    """The work of making the whole source domain: the same number of shapes of every class, in mixed order."""
    items = [
        ShapeItem(class_name, settings.first_seed + number)
        for number in range(settings.objects_per_class)
        for class_name in CLASSES
    ]
    code = code_fingerprint("crossmost.sources.shapes", "crossmost.rendering", "crossmost.geometry.sampling")
    return ShardWork(
        jobs=chunk_into_shards(items, "source", 128),
        worker=SourceWorker(settings.views, settings.n_points),
        settings_fingerprint=fingerprint("source", settings, SUPERSAMPLING, code),
        stage="making source objects",
        n_jobs=n_jobs,
        worker_init=partial(Renderer, supersampling=SUPERSAMPLING),
    )


def load_source(store: ShardStore) -> CaptionedObjects:
    """All source objects in memory."""
    class_names = tuple(CLASSES)
    views, clouds, captions, class_index = [], [], [], []
    for sample in track(store, "reading source objects", len(store), "objects"):
        about = decode_json(sample.members["json"])
        views.append(decode_views(sample))
        clouds.append(decode_array(sample.members["points.npy"]))
        captions.append(tuple(about["captions"]))
        class_index.append(class_names.index(about["class_name"]))
    return CaptionedObjects(
        np.stack(views), np.stack(clouds), captions, np.asarray(class_index, dtype=np.int64), class_names
    )
