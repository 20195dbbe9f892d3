"""The stage that captures a point cloud of every stored mesh."""

from __future__ import annotations

from dataclasses import dataclass

from crossmost.geometry.meshes import decode_mesh
from crossmost.geometry.sampling import object_generator
from crossmost.geometry.scans import CadSettings, ScanSettings, capture_cloud
from crossmost.shards import (
    Sample,
    SampleReference,
    ShardStore,
    ShardWork,
    code_fingerprint,
    encode_array,
    encode_json,
    fingerprint,
)


@dataclass(frozen=True)
class CloudWorker:
    """Makes the cloud of one stored mesh; the result depends on the object and the seed alone."""

    settings: ScanSettings | CadSettings
    seed: int

    def __call__(self, item: SampleReference) -> Sample:
        """`<id>.points.npy` (N, 3) float32, zero mean and unit maximum radius, and `<id>.json`."""
        rng = object_generator(item.key, self.seed, "cloud")
        points = capture_cloud(decode_mesh(item.load()), rng, self.settings)
        about = {"kind": self.settings.kind, "n_points": len(points), "seed": self.seed}
        return Sample(item.key, {"points.npy": encode_array(points), "json": encode_json(about)})


def plan_clouds(meshes: ShardStore, settings: ScanSettings | CadSettings, *, seed: int, n_jobs: int = -1) -> ShardWork:
    """The work of capturing a cloud of every object of a `meshes` store."""
    return ShardWork(
        jobs=meshes.references(),
        worker=CloudWorker(settings, seed),
        settings_fingerprint=fingerprint("clouds", settings, seed, code_fingerprint("crossmost.geometry")),
        stage="capturing clouds",
        n_jobs=n_jobs,
    )
