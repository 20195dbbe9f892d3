"""Neighbors are the nearest points, however they are looked for."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossmost.geometry import grouping
from crossmost.geometry.grouping import group_points, nearest_neighbors


@given(st.integers(0, 1000), st.integers(1, 40), st.integers(1, 9), st.integers(1, 3))
def test_a_tree_and_all_distances_find_the_same_neighbors(seed: int, n_points: int, n_queries: int, batch: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    points, queries = (torch.randn(batch, count, 3, generator=generator) for count in (n_points, n_queries))
    k = 1 + seed % n_points
    by_distance = nearest_neighbors(queries, points, k)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "TREE_FROM", 0)
        by_tree = nearest_neighbors(queries, points, k)
    assert by_tree.dtype == torch.int64 and by_tree.shape == (batch, n_queries, k)
    nearest = torch.cdist(queries, points).sort(-1).values[..., :k]
    for found in (by_distance, by_tree):
        distances = torch.linalg.norm(queries.unsqueeze(2) - grouping.gather_points(points, found), dim=-1)
        torch.testing.assert_close(distances.sort(-1).values, nearest, atol=1e-4, rtol=1e-4)


def test_large_clouds_are_grouped_by_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    found_by_tree = grouping._found_by_tree

    def counted(queries: torch.Tensor, points: torch.Tensor, k: int) -> torch.Tensor:
        asked.append(len(points))
        return found_by_tree(queries, points, k)

    monkeypatch.setattr(grouping, "_found_by_tree", counted)
    for n_points, n_groups in ((1024, 64), (8192, 512)):
        neighborhoods, centers = group_points(torch.randn(2, n_points, 6), n_groups, 32)
        assert neighborhoods.shape == (2, n_groups, 32, 6) and centers.shape == (2, n_groups, 3)
        assert neighborhoods[..., :3].norm(dim=-1).min(-1).values.max() == 0, "a center is its own neighbor"
    assert asked == [2]
