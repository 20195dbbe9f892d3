"""The stage that gives every stored object its point cloud: captured from a mesh, or resampled from stored points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crossmost.geometry.meshes import decode_mesh, decode_points
from crossmost.geometry.normalize import normalize_cloud
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
    """Makes the cloud of one stored object; the result depends on the object and the seed alone."""

    settings: ScanSettings | CadSettings
    seed: int

    def __call__(self, item: SampleReference) -> Sample:
        """`<id>.points.npy` (N, 3) float32, zero mean and unit maximum radius, and `<id>.json`.

        An object that is stored as a cloud keeps its own points, whatever sensor the settings name for meshes. If the
        points or the mesh have colors, `<id>.colors.npy` (N, 3) uint8 goes with them.
        """
        rng = object_generator(item.key, self.seed, "cloud")
        stored = item.load()
        cloud = decode_points(stored)
        if cloud is None:
            points, colors = capture_cloud(decode_mesh(stored), rng, self.settings)
        else:
            points, colors = resample_cloud(*cloud, self.settings.n_points, rng)
        kind = self.settings.kind if cloud is None else "stored"
        about = {"kind": kind, "n_points": len(points), "seed": self.seed}
        members = {"points.npy": encode_array(points), "json": encode_json(about)}
        if colors is not None:
            members["colors.npy"] = encode_array(colors)
        return Sample(item.key, members)


def resample_cloud(
    points: np.ndarray, colors: np.ndarray | None, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray | None]:
    """n points of a cloud in random order with their colors; each is taken before any is taken twice.

    Args:
        points: (N, 3) in any unit.
        colors: (N, 3) or None.
        n: number of points to take.
        rng: source of randomness.

    Returns:
        (n, 3) float32, zero mean and unit maximum radius, and (n, 3) colors or None.

    Raises:
        UnreadableObjectError: empty, not finite, or all points at one place.
    """
    rounds = [rng.permutation(len(points)) for _ in range(-(-n // max(len(points), 1)))]
    chosen = np.concatenate(rounds)[:n]
    return normalize_cloud(points[chosen]), None if colors is None else colors[chosen]


def plan_clouds(
    meshes: ShardStore,
    settings: ScanSettings | CadSettings,
    *,
    seed: int,
    n_jobs: int = -1,
    cluster: str | None = None,
) -> ShardWork:
    """The work of giving every object of a `meshes` store its cloud."""
    return ShardWork(
        jobs=meshes.references(),
        worker=CloudWorker(settings, seed),
        settings_fingerprint=fingerprint("clouds", settings, seed, code_fingerprint("crossmost.geometry")),
        stage="capturing clouds",
        n_jobs=n_jobs,
        cluster=cluster,
    )
