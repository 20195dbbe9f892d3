"""What is compared shows the same objects from the same cameras, and no part of the time is left out."""

from pathlib import Path

import numpy as np
import pytest
import trimesh

from benchmarks.rendering import (
    PARTS,
    PyrenderLoop,
    our_silhouettes,
    overlap,
    views_work,
    write_mesh_file,
    write_views_watched,
)
from crossmost.rendering import CameraRig
from crossmost.shards import Sample, SampleReference, ShardStore, ShardWork, chunk_into_shards, encode_json
from tests.rendering.test_depth_views import Stored

RIG = CameraRig(n_views=8, image_size=48)


@pytest.fixture
def store(tmp_path: Path) -> ShardStore:
    """A slab far from the origin, and a cone."""
    slab = trimesh.creation.box((1, 3, 0.5)).apply_translation((5, -2, 7))
    meshes = {"slab": slab, "cone": trimesh.creation.cone(1, 2)}
    items = [
        Stored(name, {"glb": bytes(trimesh.Scene(mesh).export(file_type="glb")), "json": encode_json({})})
        for name, mesh in meshes.items()
    ]
    jobs = chunk_into_shards(items, "meshes")
    return ShardWork(jobs, lambda item: Sample(item.key, item.members), "test", "test", n_jobs=1).write(tmp_path / "in")


@pytest.fixture
def items(store: ShardStore) -> list[SampleReference]:
    return [item for shard in store.references().values() for item in shard]


@pytest.mark.render
def test_both_see_the_same_silhouettes(items: list[SampleReference], tmp_path: Path) -> None:
    for item in items:
        write_mesh_file(item, RIG, tmp_path)
    with PyrenderLoop(tmp_path, keep_renderer=False) as loop:
        seconds = loop(names=[item.key for item in items], size=48, silhouettes=str(tmp_path / "silhouettes.npy"))
    assert seconds.keys() <= set(PARTS)
    shared = overlap(np.load(tmp_path / "silhouettes.npy"), our_silhouettes(items, RIG))
    assert shared.shape == (2 * 8,) and shared.min() > 0.9


@pytest.mark.render
def test_every_part_of_our_time_is_named(items: list[SampleReference], store: ShardStore) -> None:
    seconds = write_views_watched(views_work(items, RIG, 2, 1, store))
    assert seconds.keys() == set(PARTS) - {"context", "scene"}


def test_overlap_is_intersection_over_union() -> None:
    first, second = (np.packbits(np.array(bits)) for bits in ([1, 1, 1, 0, 0], [0, 0, 1, 1, 0]))
    assert overlap(first, second) == 0.25
