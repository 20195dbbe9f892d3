"""What is read ahead comes in order, each batch once, as do errors; a GPU says what a CPU says."""

import threading

import numpy as np
import pytest
import torch

from crossmost.collection import Collection
from crossmost.models import encoding
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.encoding import RECORDED_FROM, encode_collection, in_order
from crossmost.models.joint import JointModel

BATCHES = [slice(first, first + 2) for first in range(0, 20, 2)]


def test_results_come_in_order_however_long_each_takes() -> None:
    later = {batch.start: threading.Event() for batch in BATCHES}

    def work(rows: slice) -> int:
        """Not done before the next one has begun; the last waits for none."""
        later[rows.start].set()
        if rows != BATCHES[-1]:
            assert later[rows.stop].wait(10)
        return rows.start

    assert list(in_order(work, BATCHES, threads=2)) == [batch.start for batch in BATCHES]


def test_only_so_many_are_read_ahead() -> None:
    begun: list[int] = []
    results = in_order(lambda rows: begun.append(rows.start), BATCHES, threads=1)
    next(results)
    next(results)
    assert len(begun) <= 4, "two given out, one being read, one waiting"
    results.close()  # type: ignore[attr-defined]
    assert len(begun) < len(BATCHES)


def test_an_error_comes_where_its_batch_would() -> None:
    def work(rows: slice) -> int:
        if rows.start == 4:
            raise ValueError("a broken object")
        return rows.start

    results = in_order(work, BATCHES, threads=3)
    assert [next(results), next(results)] == [0, 2]
    with pytest.raises(ValueError, match="a broken object"):
        next(results)
    assert list(in_order(work, [], threads=3)) == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="compares a GPU with the CPU")
def test_a_gpu_says_the_same_and_the_model_can_still_be_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough batches to be recorded, the last of another size."""
    count = 2 * RECORDED_FROM + 1
    rng = np.random.default_rng(0)
    views = rng.integers(0, 255, (count, 2, 64, 64, 3), dtype=np.uint8)
    clouds = rng.normal(size=(count, 128, 3)).astype(np.float32)
    collection = Collection(tuple(str(row) for row in range(count)), views, clouds)
    torch.manual_seed(1)
    model = JointModel(Encoders(mini_config()), torch.randn(192, 4))
    found = []
    for device in ("cpu", "cuda"):
        monkeypatch.setattr(encoding, "scoring_device", lambda device=device: torch.device(device))
        single, embeddings = np.empty((count, 2, 4), np.float32), np.empty((count, 3, 192), np.float16)
        both = encode_collection(
            model,
            collection,
            image_mean=(0.5,) * 3,
            image_std=(0.25,) * 3,
            n_points=128,
            batch_size=2,
            single=single,
            embeddings=embeddings,
        )
        found.append((*both, torch.from_numpy(single), torch.from_numpy(embeddings)))
    for on_cpu, on_gpu in zip(*found, strict=True):
        torch.testing.assert_close(on_gpu, on_cpu, rtol=1e-2, atol=1e-2)
    assert not any(weights.is_inference() for weights in model.parameters())
