"""Arrays that stay in the store are indexed like arrays in memory, and read no more than is asked for."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from crossmost.collection import StoredViews
from crossmost.errors import CrossmostError
from crossmost.rendering import encode_view
from crossmost.rendering import views as module
from crossmost.shards import Sample, SampleReference, ShardWork, StoredRows, decode_array, encode_array

SHAPE = (7, 4, 3, 2)


class Item:
    """One row, filled from its number."""

    def __init__(self, number: int) -> None:
        self.key, self.fingerprint, self.number = f"object-{number}", str(number), number


def row_of(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 99, SHAPE[1:])


def make(item: Item) -> Sample:
    return Sample(item.key, {"row.npy": encode_array(row_of(item.number))})


class Rows(StoredRows):
    """The stored rows, and how often one was decoded."""

    decoded = 0

    def decode(self, sample: Sample, part: Any) -> np.ndarray:
        self.decoded += 1
        return decode_array(sample.members["row.npy"])[part]


def references(folder: Path) -> list[SampleReference]:
    jobs = {"shard-0": [Item(0), Item(1), Item(2)], "shard-1": [Item(number) for number in range(3, 7)]}
    store = ShardWork(jobs, make, "0", "testing", n_jobs=1).write(folder)
    return [reference for shard in store.references().values() for reference in shard]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> list[SampleReference]:
    return references(tmp_path_factory.mktemp("rows"))


ROWS = st.one_of(
    st.integers(-7, 6),
    st.slices(7),
    st.lists(st.integers(-7, 6), min_size=1, max_size=5),
    st.lists(st.integers(0, 6), min_size=1, max_size=5).map(np.array),
)
KEYS = st.one_of(
    ROWS,
    st.tuples(ROWS.filter(lambda rows: not isinstance(rows, list | np.ndarray)), st.slices(4)),
    st.tuples(st.integers(0, 6), st.lists(st.integers(0, 3), min_size=1).map(np.array)),
    st.tuples(ROWS, st.integers(0, 3)).filter(lambda key: isinstance(key[0], int | slice)),
    st.tuples(st.slices(7), st.slices(4), st.integers(0, 2), st.slices(2)),
    st.tuples(st.slices(7), st.just(Ellipsis), st.integers(0, 1)),
)


@given(key=KEYS, kept=st.booleans())
@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_indexed_as_numpy_does_it(stored: list[SampleReference], key: Any, kept: bool) -> None:
    array = Rows(stored, kept_bytes=10**6 if kept else 0)
    expected = np.stack([row_of(number) for number in range(7)])
    assert array.stays_in_memory is kept and array.shape == expected.shape and len(array) == 7
    np.testing.assert_array_equal(array[key], expected[key])


def test_rows_are_decoded_once_if_they_fit_and_whenever_asked_for_if_not(stored: list[SampleReference]) -> None:
    small, large = Rows(stored), Rows(stored, kept_bytes=100)
    for array in (small, large):
        array.decoded = 0
        for _ in range(3):
            array[2:5]
    assert (small.decoded, large.decoded) == (3, 9)
    assert not large._kept


def test_a_selection_and_a_pickle_read_for_themselves(stored: list[SampleReference]) -> None:
    array = Rows(stored)
    array[:]
    chosen = array.take([5, 1])
    np.testing.assert_array_equal(chosen[:], array[[5, 1]])
    assert len(pickle.dumps(array)) < 4000
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(array))[3], row_of(3))
    assert chosen.digest() != array.digest() == Rows(stored).digest()
    with pytest.raises(IndexError, match="row 2 of 2"):
        chosen[2]
    assert [len(row) for row in chosen] == [4, 4]


def test_only_the_pictures_asked_for_are_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Picture(Item):
        pass

    def picture(item: Picture) -> Sample:
        view = np.full((8, 8, 3), item.number, dtype=np.uint8)
        return Sample(item.key, {f"view{number:02d}.png": encode_view(view + number) for number in range(9)})

    jobs = {"shard-0": [Picture(1), Picture(2)]}
    store = ShardWork(jobs, picture, "0", "testing", n_jobs=1).write(tmp_path)
    views = StoredViews([reference for shard in store.references().values() for reference in shard], kept_bytes=0)
    seen: list[bytes] = []
    original = module.decode_view

    def counted(content: bytes) -> np.ndarray:
        seen.append(content)
        return original(content)

    monkeypatch.setattr(module, "decode_view", counted)
    assert views[1, np.array([8, 0])][:, 0, 0, 0].tolist() == [10, 2]
    assert len(seen) == 2


def test_objects_that_differ_are_named(tmp_path: Path) -> None:
    def uneven(item: Item) -> Sample:
        return Sample(item.key, {"row.npy": encode_array(np.zeros((2, 3 + item.number)))})

    store = ShardWork({"shard-0": [Item(0), Item(1)]}, uneven, "0", "testing", n_jobs=1).write(tmp_path)
    both = [reference for shard in store.references().values() for reference in shard]
    for kept in (0, 10**6):
        with pytest.raises(CrossmostError, match=r"object-1 is .*object-0 is \(2, 3\); render the whole collection"):
            Rows(both, kept_bytes=kept)[:]


def test_an_object_with_fewer_views_is_named_too(tmp_path: Path) -> None:
    def shorter(item: Item) -> Sample:
        return Sample(item.key, {"row.npy": encode_array(np.zeros((4 - item.number, 3)))})

    store = ShardWork({"shard-0": [Item(0), Item(1)]}, shorter, "0", "testing", n_jobs=1).write(tmp_path)
    both = [reference for shard in store.references().values() for reference in shard]
    for kept in (0, 10**6):
        with pytest.raises(CrossmostError, match=r"object-1 is \(3, 3\), object-0 is \(4, 3\)"):
            Rows(both, kept_bytes=kept)[1, np.array([0, 3])]
