"""Room for large arrays, and what is left of them when their pages are released."""

from pathlib import Path

import numpy as np
import pytest

from crossmost.large_arrays import release_pages, room_for


def test_a_large_array_lies_in_a_file_and_keeps_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not isinstance(room_for((2, 3), np.float32), np.memmap)
    monkeypatch.setattr("crossmost.large_arrays.IN_MEMORY", 2 * 3 * 4 - 1)
    room = room_for((2, 3), np.float32)
    assert isinstance(room, np.memmap) and (room.shape, room.dtype) == ((2, 3), np.float32)
    room[:] = np.arange(6).reshape(2, 3)
    release_pages(room)
    assert room.ravel().tolist() == [0, 1, 2, 3, 4, 5]
    room[1] = 7
    release_pages(room)
    assert room[1].tolist() == [7, 7, 7]


def test_what_was_written_to_a_private_copy_is_not_released(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.zeros(4))
    for array in (np.load(tmp_path / "array.npy", mmap_mode="c"), np.load(tmp_path / "array.npy")):
        array[:] = 1
        release_pages(array)
        release_pages(array[1:])
        assert array.tolist() == [1, 1, 1, 1]


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux")
def test_released_pages_leave_the_process(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.ones(2**23))
    array = np.load(tmp_path / "array.npy", mmap_mode="r")

    def resident() -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssFile:")) // 1024

    before = resident()
    assert array.sum() == 2**23
    assert resident() > before + 50
    release_pages(array)
    assert resident() < before + 10
