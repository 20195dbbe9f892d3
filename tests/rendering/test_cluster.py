"""Views and clouds of real meshes from the workers of a Dask cluster: the bytes that local processes make."""

from collections.abc import Callable
from pathlib import Path

import pytest
from distributed import LocalCluster

from crossmost.pipelines.rendering.nodes import capture_clouds, render_views
from crossmost.pipelines.rendering.parameters import RenderingParameters
from crossmost.shards import ShardStore, ShardWork, chunk_into_shards
from crossmost.sources import make_object_sample
from crossmost.sources.shapes_source import ShapesSource

pytestmark = [pytest.mark.render, pytest.mark.slow]

PARAMETERS = {
    "n_jobs": 2,
    "supersampling": 2,
    "views": {"n_views": 8, "image_size": 48, "azimuth_jitter": 20},
    "clouds": {"kind": "scan", "n_points": 256, "scan": {"surface_points": 2_000}},
}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def meshes(tmp_path: Path) -> ShardStore:
    """Four meshes, two in a shard, so that both workers have something to do."""
    objects = list(ShapesSource(1, class_names=("chair", "table", "cup", "bed")).objects())
    jobs = chunk_into_shards(objects, "meshes", 2)
    return ShardWork(jobs, make_object_sample, "test", "preparing meshes", n_jobs=1).write(tmp_path / "meshes")


def test_a_cluster_renders_and_scans_the_same_bytes(
    meshes: ShardStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes: dict[str, Callable[[ShardStore, RenderingParameters], ShardWork]] = {
        "views": render_views,
        "clouds": capture_clouds,
    }
    for name, node in nodes.items():
        node(meshes, RenderingParameters.model_validate(PARAMETERS)).write(tmp_path / "here" / name)
    monkeypatch.setattr("joblib.Parallel", None)  # from here on there are no local processes
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        there = RenderingParameters.model_validate(PARAMETERS | {"cluster": cluster.scheduler_address})
        for name, node in nodes.items():
            store = node(meshes, there).write(tmp_path / "there" / name)
            assert len(store) == 4 and store.quarantine().empty
            assert contents(tmp_path / "here" / name) == contents(tmp_path / "there" / name)
