"""Candidates of the benchmark do the same work: equal indices where the rule decides, points on the surface."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import trimesh

from benchmarks.geometry import (
    OURS,
    agreement_on_lattices,
    farthest_point_samplers,
    farthest_points_reference,
    measure,
    neighbor_finders,
    neighbors_reference,
    same_order,
    same_set,
    surface_samplers,
)

CLOUDS = np.random.default_rng(0).normal(size=(3, 200, 3)).astype(np.float32)
BY_COORDINATE = "torch, a row per coordinate"


@pytest.mark.parametrize("candidate", [OURS, BY_COORDINATE, "fpsample"])
def test_farthest_points_follow_the_rule(candidate: str) -> None:
    expected = np.stack([farthest_points_reference(cloud, 32) for cloud in CLOUDS])
    with ThreadPoolExecutor(1) as pool:
        assert same_order(farthest_point_samplers(CLOUDS, 32, pool)[candidate](), expected) == 1


def test_among_equals_the_lowest_index_is_taken() -> None:
    with ThreadPoolExecutor(1) as pool:
        on_lattices = agreement_on_lattices(pool)
    assert on_lattices[OURS] == on_lattices[BY_COORDINATE] == 1


def test_all_find_the_same_neighbors() -> None:
    centers = CLOUDS[:, :7]
    expected = np.stack([neighbors_reference(cloud, asked, 9) for cloud, asked in zip(CLOUDS, centers, strict=True)])
    for name, find in neighbor_finders(CLOUDS, centers, 9, threads=1).items():
        assert same_set(find(), expected) == 1, name


def test_samplers_draw_from_the_surface() -> None:
    for name, sample in surface_samplers([trimesh.creation.box((2, 2, 2))], 64).items():
        (points,) = sample()
        np.testing.assert_allclose(np.abs(points).max(axis=1), 1, atol=1e-6, err_msg=name)


def test_every_size_has_a_row_per_candidate() -> None:
    rows = measure([trimesh.creation.icosphere()], points=(256,), groups=(4, 8), group_size=5, repeats=1)
    counts = {task: sum(row["task"] == task for row in rows) for task in ("surface", "farthest points", "5 neighbors")}
    assert counts == {"surface": 2, "farthest points": 2 * 5, "5 neighbors": 2 * 4}
    assert {row["speed"] for row in rows if row["candidate"] == OURS} == {1.0}
