"""Surface sampling, farthest point sampling and nearest neighbors, ours beside what else there is.

    python -m benchmarks.geometry                       # clouds of 1,024, 8,192 and 10,000 points, batches of 16
    python -m benchmarks.geometry --threads 1 --json FILE

Clouds are drawn from real meshes, as `kedro run --pipelines=ingestion` has made them. All candidates get the same batch
and give an array for it: torch's take it whole, the others cloud by cloud. Indices are compared with the rule in
float64: farthest points greedily from point 0, the lowest index among equals; the neighbors of a center as a set. Real
clouds have no equals; a shuffled lattice, on which hardly a distance is unique, shows what a candidate does about them.
"""

import argparse
import json
import os
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import fpsample
import numpy as np
import torch
import trimesh
from rich.console import Console
from rich.table import Table
from scipy.spatial import cKDTree
from torch import Tensor

from benchmarks.timing import interleaved, machine, paired_ratio
from crossmost.geometry import decode_mesh, mesh_triangles, normalize_cloud, sample_surface
from crossmost.geometry.grouping import farthest_point_sampling, nearest_neighbors
from crossmost.shards import ShardStore

PROJECT = Path(__file__).parents[1]
POINTS = (1024, 8192, 10_000)
GROUPS = (64, 512)
GROUP_SIZE = 32
OURS = "ours"

Candidates = Mapping[str, Callable[[], np.ndarray]]
"""Name → what gives the batch's result; ours first."""


def stored_meshes(store: ShardStore, n: int, seed: int) -> list[trimesh.Trimesh]:
    """Some objects of a store, each as one mesh."""
    stored = [item for items in store.references().values() for item in items]
    chosen = np.random.default_rng(seed).choice(len(stored), n, replace=len(stored) < n)
    corners = [mesh_triangles(decode_mesh(stored[index].load())).reshape(-1, 3) for index in chosen]
    return [trimesh.Trimesh(points, np.arange(len(points)).reshape(-1, 3), process=False) for points in corners]


def surface_samplers(meshes: Sequence[trimesh.Trimesh], n: int) -> Candidates:
    """Points (B, n, 3) on the surfaces; no two candidates draw the same."""

    def by_trimesh() -> np.ndarray:
        for mesh in meshes:
            mesh._cache.clear()  # a mesh is sampled once, so areas are not known before
        return np.stack([trimesh.sample.sample_surface(mesh, n, seed=0)[0] for mesh in meshes])

    rng = np.random.default_rng(0)
    return {OURS: lambda: np.stack([sample_surface(mesh, n, rng) for mesh in meshes]), "trimesh": by_trimesh}


def farthest_point_samplers(clouds: np.ndarray, n: int, pool: ThreadPoolExecutor) -> Candidates:
    """Indices (B, n) of farthest points of clouds (B, N, 3)."""
    points = torch.from_numpy(clouds)

    def cloud_by_cloud(sample: Callable[[np.ndarray], np.ndarray]) -> Callable[[], np.ndarray]:
        # fpsample's uint64 is no index for torch.
        return lambda: np.stack(list(pool.map(sample, clouds))).astype(np.int64)

    bucket = partial(fpsample.bucket_fps_kdline_sampling, n_samples=n, start_idx=0)
    return {
        OURS: lambda: farthest_point_sampling(points, n).numpy(),
        "torch, a row per coordinate": lambda: farthest_points_by_coordinate(points, n).numpy(),
        "fpsample": cloud_by_cloud(partial(fpsample.fps_sampling, n_samples=n, start_idx=0)),
        **{f"fpsample, buckets, h {h}": cloud_by_cloud(partial(bucket, h=h)) for h in (3, 7)},
    }


def farthest_points_by_coordinate(points: Tensor, n: int) -> Tensor:
    """The rule of `farthest_point_sampling`, with x, y and z in arrays of their own that the loop works on in place."""
    batch, n_points, _ = points.shape
    x, y, z = points.permute(2, 0, 1).contiguous()
    rows = torch.arange(batch)
    current = torch.zeros(batch, dtype=torch.long)
    distance = torch.full((batch, n_points), torch.inf, dtype=points.dtype)
    squared, part = torch.empty_like(distance), torch.empty_like(distance)
    picked = torch.empty(batch, n, dtype=torch.long)
    for step in range(n):
        picked[:, step] = current
        last = points[rows, current]
        torch.sub(x, last[:, 0:1], out=squared).square_()
        squared += torch.sub(y, last[:, 1:2], out=part).square_()
        squared += torch.sub(z, last[:, 2:3], out=part).square_()
        torch.minimum(distance, squared, out=distance)
        torch.argmax(distance, -1, out=current)
    return picked


def farthest_points_reference(cloud: np.ndarray, n: int) -> np.ndarray:
    """The rule word by word, in float64."""
    points = cloud.astype(np.float64)
    picked = np.zeros(n, dtype=np.int64)
    distance = np.full(len(points), np.inf)
    for step in range(1, n):
        distance = np.minimum(distance, ((points - points[picked[step - 1]]) ** 2).sum(axis=1))
        picked[step] = distance.argmax()
    return picked


def neighbor_finders(clouds: np.ndarray, centers: np.ndarray, k: int, threads: int) -> Candidates:
    """Indices (B, G, k) of the points of clouds (B, N, 3) nearest to centers (B, G, 3)."""
    points, queries = torch.from_numpy(clouds), torch.from_numpy(centers)

    def by_cdist(mode: str) -> np.ndarray:
        distance = torch.cdist(queries, points, compute_mode=mode)
        return distance.topk(k, largest=False, sorted=False).indices.numpy()

    def by_tree() -> np.ndarray:
        trees = (cKDTree(cloud) for cloud in clouds)
        return np.stack(
            [tree.query(asked, k=k, workers=threads)[1] for tree, asked in zip(trees, centers, strict=True)]
        )

    return {
        OURS: lambda: nearest_neighbors(queries, points, k).numpy(),
        "torch.cdist, topk": partial(by_cdist, "use_mm_for_euclid_dist_if_necessary"),
        "torch.cdist exact, topk": partial(by_cdist, "donot_use_mm_for_euclid_dist"),
        "scipy cKDTree": by_tree,
    }


def agreement_on_lattices(pool: ThreadPoolExecutor, side: int = 8, n: int = 64) -> dict[str, float]:
    """Share of shuffled lattices of integers on which each sampler of farthest points follows the reference."""
    rng = np.random.default_rng(0)
    lattice = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3).astype(np.float32)
    clouds = np.stack([rng.permutation(lattice) for _ in range(8)])
    expected = np.stack([farthest_points_reference(cloud, n) for cloud in clouds])
    return {name: same_order(run(), expected) for name, run in farthest_point_samplers(clouds, n, pool).items()}


def neighbors_reference(cloud: np.ndarray, centers: np.ndarray, k: int) -> np.ndarray:
    """All distances, in float64."""
    points = cloud.astype(np.float64)
    squared = np.stack([((points - center) ** 2).sum(axis=1) for center in centers.astype(np.float64)])
    return np.argpartition(squared, k - 1, axis=1)[:, :k]


def same_order(found: np.ndarray, expected: np.ndarray) -> float:
    """Share of clouds whose indices (B, n) are those expected, in that order."""
    return float((found == expected).all(axis=-1).mean())


def same_set(found: np.ndarray, expected: np.ndarray) -> float:
    """Share of centers whose neighbors (B, G, k) are those expected, in any order."""
    return float((np.sort(found, axis=-1) == np.sort(expected, axis=-1)).all(axis=-1).mean())


def compare(
    candidates: Candidates, repeats: int, agreement: Callable[[np.ndarray], float] | None = None
) -> Iterator[dict[str, Any]]:
    """A row per candidate: milliseconds per cloud, speed (ours is 1), share that agrees with the reference."""
    results = {name: run() for name, run in candidates.items()}
    seconds = interleaved(candidates, repeats)
    for name, taken in seconds.items():
        yield {
            "candidate": name,
            "ms_per_cloud": 1e3 * statistics.median(taken) / len(results[name]),
            "speed": paired_ratio(seconds[OURS], taken),
            "agreement": None if agreement is None else agreement(results[name]),
        }


def measure(
    meshes: Sequence[trimesh.Trimesh],
    *,
    points: Sequence[int] = POINTS,
    groups: Sequence[int] = GROUPS,
    group_size: int = GROUP_SIZE,
    repeats: int = 5,
    threads: int = 1,
) -> list[dict[str, Any]]:
    """All tasks at all sizes, on a batch of one cloud per mesh, with so many threads for every candidate."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    rows: list[dict[str, Any]] = []
    rng = np.random.default_rng(0)
    with ThreadPoolExecutor(threads) as pool:
        on_lattices = agreement_on_lattices(pool)
        for n in points:
            task: dict[str, Any] = {"task": "surface", "points": n, "groups": None}
            rows += [{**task, **row} for row in compare(surface_samplers(meshes, n), repeats)]
            clouds = np.stack([normalize_cloud(sample_surface(mesh, n, rng)) for mesh in meshes])
            for count in groups:
                task = {"task": "farthest points", "points": n, "groups": count}
                picked = np.stack([farthest_points_reference(cloud, count) for cloud in clouds])
                candidates = farthest_point_samplers(clouds, count, pool)
                for row in compare(candidates, repeats, partial(same_order, expected=picked)):
                    rows.append({**task, **row, "agreement_on_lattices": on_lattices[row["candidate"]]})
                task = {"task": f"{group_size} neighbors", "points": n, "groups": count}
                centers = np.take_along_axis(clouds, picked[..., None], axis=1)
                pairs = zip(clouds, centers, strict=True)
                nearest = np.stack([neighbors_reference(cloud, asked, group_size) for cloud, asked in pairs])
                candidates = neighbor_finders(clouds, centers, group_size, threads)
                rows += [{**task, **row} for row in compare(candidates, repeats, partial(same_set, expected=nearest))]
    torch.set_num_threads(before)
    return rows


def report(rows: Sequence[dict[str, Any]], title: str) -> None:
    """Print a row per candidate, task by task."""
    table = Table(title=title)
    for column in (
        "task",
        "points",
        "groups",
        "candidate",
        "ms/cloud",
        "speed, ours = 1",
        "as reference, %",
        "lattices, %",
    ):
        table.add_column(column, justify="left" if column in ("task", "candidate") else "right")
    order = {task: number for number, task in enumerate(dict.fromkeys(row["task"] for row in rows))}
    previous = None
    for row in sorted(rows, key=lambda row: order[row["task"]]):
        size = (row["task"], f"{row['points']:,}", "" if row["groups"] is None else str(row["groups"]))
        if previous not in (None, size):
            table.add_section()
        shares = [row["agreement"], row.get("agreement_on_lattices")]
        agreement = ["" if share is None else f"{100 * share:.1f}" for share in shares]
        shown = ("", "", "") if size == previous else size
        table.add_row(*shown, row["candidate"], f"{row['ms_per_cloud']:.3f}", f"{row['speed']:.2f}", *agreement)
        previous = size
    Console(width=140).print(table)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meshes", type=Path, default=PROJECT / "data/02_intermediate/meshes", help="object store")
    parser.add_argument("--batch", type=int, default=16, help="objects to draw from it")
    parser.add_argument("--seed", type=int, default=0, help="which objects")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all cores")
    parser.add_argument("--repeats", type=int, default=5, help="of every candidate")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()
    facts = {**machine(), **{name: version(name) for name in ("trimesh", "fpsample", "scipy", "numpy")}}
    facts["threads"] = arguments.threads
    meshes = stored_meshes(ShardStore(arguments.meshes), arguments.batch, arguments.seed)
    rows = measure(meshes, repeats=arguments.repeats, threads=arguments.threads)
    threads = f"{arguments.threads} thread{'s' * (arguments.threads > 1)}"
    report(rows, f"batch of {len(meshes)}, {threads}, {facts['cpu']}, load {facts['load_average']}; medians")
    if arguments.json:
        settings = {"batch": len(meshes), "seed": arguments.seed, "repeats": arguments.repeats}
        arguments.json.write_text(json.dumps({"machine": facts, **settings, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
