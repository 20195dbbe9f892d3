"""Bounds of a step: what is counted grows with the batch, and a row that fails leaves the others alone."""

import json
from functools import partial
from typing import Any

import pytest
import torch
from rich.console import Console

from benchmarks import floor
from benchmarks.geometry_gpu import rows
from benchmarks.setups import Setup, make_setup, noise_objects
from benchmarks.training_step import Trainer


@pytest.fixture(scope="module")
def setup() -> Setup:
    return make_setup("mini", batch_size=2, objects=noise_objects(4, views=4, side=64, points=256))


def test_rows(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    original = floor.step_row

    def fails_for_three(setup: Setup, size: int, repeats: int, **how: bool) -> dict[str, Any]:
        if size == 3:
            raise RuntimeError("out of memory")
        return original(setup, size, repeats, **how)

    monkeypatch.setattr(floor, "step_row", fails_for_three)
    monkeypatch.setattr("crossmost.models.compilation.torch.compile", partial(torch.compile, backend="eager"))
    found = list(floor.measure(setup, batches=[3, 2], compiled=[2], recorded=[3], repeats=1))
    assert json.loads(json.dumps(found)) == found
    plain = {"batch": 3, "compiled": False, "recorded": False, "error": "RuntimeError: out of memory"}
    assert found[0] == plain and found[3] == plain | {"recorded": True}
    assert [row["compiled"] for row in found[1:3]] == [False, True]
    for row in found[1:3]:
        assert 0 < row["floor_share"] < 1
        assert row["waits"] is None or isinstance(row["waits"], dict)
    assert found[1]["gflop"] == found[2]["gflop"] and found[1]["moved_gb"] == found[2]["moved_gb"]
    floor.report("mini", found, Console(quiet=True))


def test_what_is_counted_follows_the_batch(setup: Setup) -> None:
    trainer = Trainer(setup, floor.PRECISION)
    two, six = (floor.traffic(trainer, size) for size in (2, 6))
    assert (two.weights, two.update) == (six.weights, six.update)
    assert 2 * floor._kept_bytes(trainer, 6) == pytest.approx(six.activations, rel=0.01)
    assert floor.operations(trainer, 6) == 3 * floor.operations(trainer, 2)


def test_groups_follow_the_rule() -> None:
    found = list(rows(torch.device("cpu"), batch=2, n_points=256, groups=16, repeats=1))
    assert [row["agreement"] for row in found] == [1, 1, 1, None]
