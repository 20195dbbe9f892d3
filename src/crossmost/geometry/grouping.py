"""Farthest point sampling and nearest-neighbor groups on batches of clouds (PointNet++, §3.2).

Runs wherever the towers run; no compiled extension is needed.
"""

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

TREE_FROM = 2**18
"""Distances of a cloud from which on a tree finds neighbors sooner on a CPU than all distances do."""


def farthest_point_sampling(points: Tensor, n_samples: int, start: Tensor | None = None) -> Tensor:
    """Indices of points that are greedily farthest from those already taken.

    Args:
        points: (B, N, 3) float coordinates.
        n_samples: number of indices G to take, 1 ≤ G ≤ N.
        start: (B,) int64 index of the first sample of each cloud; zeros when None, which evaluation relies on to be
            deterministic.

    Returns:
        (B, G) int64 indices. Among equally far points the one with the lowest index is taken.

    Raises:
        ValueError: if ``n_samples`` is not in 1…N.
    """
    batch, n_points, _ = points.shape
    if not 1 <= n_samples <= n_points:
        raise ValueError(f"farthest point sampling needs 1 ≤ samples ≤ points, got {n_samples} of {n_points}")
    planes = points.detach().permute(2, 0, 1).contiguous()  # (3, B, N): sums over coordinates that lie apart are fast
    rows = torch.arange(batch, device=points.device)
    current = torch.zeros(batch, dtype=torch.long, device=points.device) if start is None else start
    distance = torch.full((batch, n_points), torch.inf, dtype=points.dtype, device=points.device)
    picked = torch.empty(batch, n_samples, dtype=torch.long, device=points.device)
    for step in range(n_samples):
        picked[:, step] = current
        x, y, z = (planes - planes[:, rows, current].unsqueeze(2)).square_()  # (B, N) each
        distance = torch.minimum(distance, x.add_(y).add_(z))
        current = distance.argmax(-1)
    return picked


def nearest_neighbors(queries: Tensor, points: Tensor, k: int) -> Tensor:
    """Indices (B, G, k) of the ``k`` points (B, N, 3) nearest to each query (B, G, 3), in no particular order."""
    is_large = queries.shape[1] * points.shape[1] >= TREE_FROM
    if is_large and points.device.type == "cpu" and not torch.compiler.is_exporting():
        return _found_by_tree(queries, points, k)
    # Differences instead of the |a|² − 2ab + b² expansion would be exact but 10× slower; the expansion in float32 is
    # good to ~1e-6 on unit-radius clouds, far below the spacing of the points.
    squared = (
        queries.square().sum(-1, keepdim=True) - 2 * queries @ points.transpose(1, 2) + points.square().sum(-1)[:, None]
    )
    return squared.topk(k, dim=-1, largest=False, sorted=False).indices


def _found_by_tree(queries: Tensor, points: Tensor, k: int) -> Tensor:
    pairs = zip(queries.detach().numpy(), points.detach().numpy(), strict=True)
    found = [cKDTree(of_cloud).query(asked, np.arange(1, k + 1))[1] for asked, of_cloud in pairs]
    return torch.from_numpy(np.stack(found))


def gather_points(points: Tensor, indices: Tensor) -> Tensor:
    """Rows of ``points`` (B, N, D) at ``indices`` (B, …) → (B, …, D)."""
    rows = torch.arange(points.shape[0], device=points.device).view(-1, *[1] * (indices.dim() - 1))
    return points[rows, indices]


def group_points(points: Tensor, n_groups: int, group_size: int, start: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Split clouds into overlapping local groups (Point-BERT §3.1).

    Args:
        points: (B, N, D ≥ 3); the first three channels are coordinates.
        n_groups: G centers by farthest point sampling.
        group_size: K nearest neighbors of each center.
        start: (B,) first center of each cloud, see `farthest_point_sampling`.

    Returns:
        Neighborhoods (B, G, K, D), coordinates relative to the center, and centers (B, G, 3).
    """
    coordinates = points[..., :3]
    centers = gather_points(coordinates, farthest_point_sampling(coordinates, n_groups, start))
    neighborhoods = gather_points(points, nearest_neighbors(centers, coordinates, group_size))
    relative = neighborhoods[..., :3] - centers.unsqueeze(2)
    return torch.cat([relative, neighborhoods[..., 3:]], dim=-1), centers
