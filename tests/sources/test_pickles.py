"""Pickled arrays are found in every protocol, and nothing else is."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmost.errors import UnreadableObjectError
from crossmost.sources.pickles import read_pickle, read_pickled_npy
from crossmost.sources.stored_arrays import StoredArray

CLOUDS = [np.random.default_rng(number).normal(size=(700, 6)).astype(np.float32) for number in range(3)]
LABELS = [np.array([number], dtype=np.int32) for number in (5, 0, 39)]


def value_of(entry: Any, path: Path) -> np.ndarray:
    return entry.read(path) if isinstance(entry, StoredArray) else np.asarray(entry)


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_pickled_list_of_clouds_and_labels(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "train.dat"
    path.write_bytes(pickle.dumps([CLOUDS, LABELS], protocol=protocol))
    clouds, labels = read_pickle(path)
    assert all(isinstance(cloud, StoredArray) for cloud in clouds)
    for found, cloud in zip(clouds, CLOUDS, strict=True):
        np.testing.assert_array_equal(found.read(path), cloud)
    assert [int(label[0]) for label in labels] == [5, 0, 39]


def test_a_dictionary_in_an_npy_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    content = {"xyz": CLOUDS[0], "rgb": CLOUDS[1], "text": ["a chair"], "n": 3, "share": 0.5, "scalar": np.float32(2)}
    np.save(path, content, allow_pickle=True)  # type: ignore[arg-type]
    found = read_pickled_npy(path)
    np.testing.assert_array_equal(value_of(found["xyz"], path), CLOUDS[0])
    assert found["text"] == ["a chair"] and found["n"] == 3 and found["share"] == 0.5 and found["scalar"] == 2


def test_an_array_of_dictionaries_and_a_plain_array(tmp_path: Path) -> None:
    array = np.empty(3, dtype=object)
    array[:] = [{"xyz": cloud} for cloud in CLOUDS]
    np.save(tmp_path / "many.npy", array, allow_pickle=True)
    many = read_pickled_npy(tmp_path / "many.npy")
    np.testing.assert_array_equal(many[2]["xyz"].read(tmp_path / "many.npy"), CLOUDS[2])
    np.save(tmp_path / "plain.npy", np.stack(CLOUDS))
    plain = read_pickled_npy(tmp_path / "plain.npy")
    np.testing.assert_array_equal(plain.row(1).read(tmp_path / "plain.npy"), CLOUDS[1])


def test_an_array_stored_by_column_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(CLOUDS[0]))
    with pytest.raises(UnreadableObjectError, match="column by column"):
        read_pickled_npy(tmp_path / "a.npy")


def test_big_endian_arrays(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(pickle.dumps([CLOUDS[0].astype(">f8")]))
    np.testing.assert_array_equal(read_pickle(path)[0].read(path), CLOUDS[0])


class Trap:
    """Would print if it were unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return (print, ("executed",))


@pytest.mark.parametrize("protocol", range(6))
def test_code_is_refused_by_name_and_never_runs(
    tmp_path: Path, protocol: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(pickle.dumps([CLOUDS[0], Trap()], protocol=protocol))
    with pytest.raises(UnreadableObjectError, match=r"refused|no pickle of arrays"):
        read_pickle(path)
    assert capsys.readouterr().out == ""


def test_a_shortened_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(pickle.dumps(CLOUDS)[:-4000])
    with pytest.raises(UnreadableObjectError, match=r"a\.dat is no pickle of arrays"):
        read_pickle(path)


def test_an_array_of_objects_other_than_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(pickle.dumps([np.array(["2020-01-01"], dtype="datetime64[D]").repeat(3000)]))
    with pytest.raises(UnreadableObjectError, match="are not read"):
        read_pickle(path)


@settings(max_examples=300)
@given(st.data())
def test_damage_is_an_error_and_no_crash(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    content = bytearray(pickle.dumps([[cloud[:3] for cloud in CLOUDS], LABELS, {"a": (1, None, True)}]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.dat"
    path.write_bytes(content)
    try:
        read_pickle(path)
    except UnreadableObjectError:
        return


def test_a_list_that_holds_itself_is_refused(tmp_path: Path) -> None:
    endless: list[Any] = []
    endless.append(endless)
    (tmp_path / "a.dat").write_bytes(pickle.dumps(endless))
    with pytest.raises(UnreadableObjectError, match="no pickle of arrays"):
        read_pickle(tmp_path / "a.dat")


def test_a_small_file_that_pretends_to_hold_a_trillion_entries_is_refused(tmp_path: Path) -> None:
    lists: Any = [0]
    tuples: Any = (0,)
    for _ in range(40):
        lists, tuples = [lists, lists], (tuples, tuples)
    path = tmp_path / "a.dat"
    path.write_bytes(pickle.dumps(lists))
    with pytest.raises(UnreadableObjectError, match=r"entries; at most 100000000"):
        read_pickle(path)
    nested = pickle.dumps(tuples, protocol=4)[:-1]
    # As the key of a dictionary, as the name of a class, as a type of numbers, as the shape of an array.
    made = b"cnumpy.core.multiarray\n_reconstruct\n)R"
    number_type = b"cnumpy\ndtype\n\x8c\x02f4\x85R"
    for opcodes in (
        b"\x80\x04}" + nested + b"K\x01s.",
        nested + b"\x8c\x01a\x93.",
        b"\x80\x04cnumpy\ndtype\n" + nested + b"\x85R.",
        b"\x80\x04" + made + b"(K\x01" + nested + number_type + b"\x89C\x04abcdtb.",
    ):
        path.write_bytes(opcodes)
        with pytest.raises(UnreadableObjectError, match=r"no pickle of arrays"):
            read_pickle(path)


def test_what_is_held_twice_is_read_twice(tmp_path: Path) -> None:
    shared = {"xyz": [1, 2.5], "text": ("a", "b")}
    (tmp_path / "a.dat").write_bytes(pickle.dumps([shared, shared, {"again": shared}]))
    assert read_pickle(tmp_path / "a.dat") == [shared, shared, {"again": shared}]


def test_memory_holds_no_large_array(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    buffer = io.BytesIO()
    pickle.dump([np.zeros((2000, 3)) + number for number in range(50)], buffer)
    path.write_bytes(buffer.getvalue())
    found = read_pickle(path)
    assert all(isinstance(entry, StoredArray) for entry in found)
    assert [int(entry.read(path)[0, 0]) for entry in found] == list(range(50))
