"""Farthest point sampling and nearest neighbors of batches on a GPU, beside the same on the CPU.

    python -m benchmarks.geometry_gpu --json FILE

Clouds of noise in the unit ball. Farthest points on either device must be those of the rule in `benchmarks.geometry`,
index by index; neighbors the same sets as all distances in float64 give. Without a GPU the rows of the CPU remain.
"""

import argparse
import json
import statistics
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.geometry import (
    GROUP_SIZE,
    farthest_points_reference,
    neighbors_reference,
    same_order,
    same_set,
)
from benchmarks.timing import interleaved, machine
from crossmost.geometry.grouping import farthest_point_sampling, group_points, nearest_neighbors

SIZES = ((1024, 64), (8192, 512), (10_000, 512))
"""Points of a cloud, and groups it is cut into."""
BATCHES = (16, 64)
CHECKED = 4  # clouds of a batch that are compared with the rule, which is slow


def by_cdist(centers: Tensor, points: Tensor, k: int) -> Tensor:
    """As `nearest_neighbors`, with PyTorch's distances."""
    return torch.cdist(centers, points).topk(k, dim=-1, largest=False, sorted=False).indices


def rows(device: torch.device, batch: int, n_points: int, groups: int, repeats: int) -> Iterator[dict[str, Any]]:
    """A row per task and candidate: milliseconds a cloud and the share that agrees with the rule."""
    clouds = np.random.default_rng(0).normal(size=(batch, n_points, 3)).astype(np.float32)
    clouds /= np.linalg.norm(clouds, axis=-1).max(1)[:, None, None]
    picked = np.stack([farthest_points_reference(cloud, groups) for cloud in clouds[:CHECKED]])
    asked = np.take_along_axis(clouds[:CHECKED], picked[..., None], axis=1)
    nearest = np.stack(
        [neighbors_reference(cloud, centers, GROUP_SIZE) for cloud, centers in zip(clouds, asked, strict=False)]
    )
    points = torch.from_numpy(clouds).to(device)
    centers = points[:, :groups].contiguous()
    centers[: len(asked)] = torch.from_numpy(asked).to(device)
    same_points, same_neighbors = partial(same_order, expected=picked), partial(same_set, expected=nearest)
    tasks: Mapping[str, tuple[Callable[[], Tensor], Callable[[np.ndarray], float] | None]] = {
        "farthest points": (partial(farthest_point_sampling, points, groups), same_points),
        "neighbors": (partial(nearest_neighbors, centers, points, GROUP_SIZE), same_neighbors),
        "neighbors, torch.cdist": (partial(by_cdist, centers, points, GROUP_SIZE), same_neighbors),
        "grouping": (lambda: group_points(points, groups, GROUP_SIZE)[1], None),
    }
    for name, (run, agreement) in tasks.items():
        (seconds,) = interleaved({name: run}, repeats).values()
        yield {
            "task": name,
            "device": device.type,
            "batch": batch,
            "points": n_points,
            "groups": groups,
            "ms_per_cloud": 1e3 * statistics.median(seconds) / batch,
            "agreement": None if agreement is None else agreement(run()[:CHECKED].cpu().numpy()),
        }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the numbers here, after every size")
    arguments = parser.parse_args()
    found: dict[str, Any] = {"machine": machine(), "rows": []}
    devices = [torch.device(name) for name in ("cuda", "cpu") if name == "cpu" or torch.cuda.is_available()]
    for device in devices:
        for n_points, groups in SIZES:
            for batch in BATCHES if device.type == "cuda" else BATCHES[:1]:
                for row in rows(device, batch, n_points, groups, arguments.repeats):
                    found["rows"].append(row)
                    print(row, flush=True)
                if arguments.json:
                    arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
