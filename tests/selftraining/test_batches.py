"""Which objects make up which batch: shuffled, complete, and shard by shard where shards stay on disk."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossmost.selftraining import objects
from crossmost.selftraining.objects import BatchPlan, epoch_batches
from tests.selftraining.small_run import quick_settings


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 8), st.integers(0, 5), st.integers(0, 3))
def test_every_object_is_seen_once_and_only_the_last_small_batch_is_left_out(
    sizes: list[int], batch_size: int, seed: int, epoch: int
) -> None:
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    blocks = [list(range(start, start + size)) for start, size in zip(starts, sizes, strict=True)]
    batches = epoch_batches(blocks, batch_size, seed, epoch)
    seen = [row for batch in batches for row in batch]
    assert len(seen) == len(set(seen)) == sum(sizes) // batch_size * batch_size
    assert all(len(batch) == batch_size for batch in batches)
    assert batches == epoch_batches(blocks, batch_size, seed, epoch)


def test_epochs_and_seeds_differ() -> None:
    blocks = [list(range(100))]
    orders = [str(epoch_batches(blocks, 10, seed, epoch)) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(orders)) == 4


def test_a_pass_reads_each_shard_in_one_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "MIXED_BLOCKS", 3)
    blocks = [list(range(10 * shard, 10 * shard + 10)) for shard in range(12)]
    order = [row // 10 for batch in epoch_batches(blocks, 5, 0, 0) for row in batch]
    stretches = [order[first : first + 30] for first in range(0, 120, 30)]
    assert all(len(set(stretch)) == 3 for stretch in stretches)
    assert order != sorted(order, key=order.index)  # shards are mixed within a stretch
    assert order[:30] != [row // 10 for batch in epoch_batches(blocks, 5, 0, 1) for row in batch][:30]


def test_a_plan_is_the_batches_of_all_epochs() -> None:
    blocks = [[3, 4, 5, 6], [0, 1, 2]]
    plan = BatchPlan(blocks, batch_size=2, per_epoch=3, epochs=4, seed=7)
    expected = [(epoch, rows) for epoch in range(4) for rows in epoch_batches(blocks, 2, 7, epoch)[:3]]
    assert [plan[number] for number in range(len(plan))] == expected
    assert plan[2] == expected[2]  # going back is possible
    with pytest.raises(IndexError, match="batch 12 of 12"):
        plan[12]


@pytest.mark.parametrize(
    ("wanted", "devices", "device", "cores", "expected"),
    [
        (None, 1, "cpu", 16, 0),
        (None, 1, "cuda", 16, 8),
        (None, 4, "cuda", 16, 3),
        (None, 8, "cuda", 4, 0),
        (2, 4, "cuda", 16, 2),
        (3, 1, "cpu", 2, 3),
    ],
)
def test_other_cores_augment_for_a_gpu(
    wanted: int | None, devices: int, device: str, cores: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "cpu_count", lambda: cores)
    engine = quick_settings().engine.model_copy(update={"loader_workers": wanted, "devices": devices})
    assert objects.loader_workers(engine, torch.device(device)) == expected
