"""PCD files in their three ways of storing, written by hand after the format's description."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmost.errors import UnreadableObjectError
from crossmost.sources.pcd import decompress_lzf, read_pcd

POINTS = np.array([[1.5, -2.25, 3.0], [0.0, 0.5, -0.125], [7.0, 8.0, 9.0]], dtype=np.float32)
COLORS = np.array([[255, 0, 1], [2, 3, 4], [250, 128, 64]], dtype=np.uint8)
PACKED = (COLORS.astype(np.uint32) << [16, 8, 0]).sum(axis=1).astype("<u4")


def header(storage: str, fields: str = "x y z rgb", kinds: str = "F F F F", points: int = 3) -> bytes:
    n = len(fields.split())
    return (
        f"# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS {fields}\nSIZE {' '.join(['4'] * n)}\n"
        f"TYPE {kinds}\nCOUNT {' '.join(['1'] * n)}\nWIDTH {points}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\n"
        f"POINTS {points}\nDATA {storage}\n"
    ).encode()


def records() -> np.ndarray:
    table = np.empty(3, dtype=[("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<f4")])
    table["x"], table["y"], table["z"] = POINTS.T
    table["rgb"] = PACKED.view("<f4")
    return table


def literal_lzf(data: bytes) -> bytes:
    """LZF without any back reference: runs of up to 32 literal bytes."""
    chunks = [data[start : start + 32] for start in range(0, len(data), 32)]
    return b"".join(bytes([len(chunk) - 1]) + chunk for chunk in chunks)


def check(content: bytes) -> None:
    cloud = read_pcd(content)
    np.testing.assert_allclose(cloud.points, POINTS)
    assert cloud.colors is not None
    np.testing.assert_array_equal(cloud.colors, COLORS)


def test_text() -> None:
    lines = "".join(f"{x} {y} {z} {rgb}\n" for (x, y, z), rgb in zip(POINTS, PACKED, strict=True))
    check(header("ascii", kinds="F F F U") + lines.encode())


def test_binary() -> None:
    check(header("binary") + records().tobytes())


def test_compressed() -> None:
    columns = b"".join(records()[name].tobytes() for name in ("x", "y", "z", "rgb"))
    packed = literal_lzf(columns)
    sizes = np.array([len(packed), len(columns)], dtype="<u4").tobytes()
    check(header("binary_compressed") + sizes + packed)


def test_other_fields_are_passed_over() -> None:
    content = header("ascii", "x y z intensity _", "F F F F U") + b"1 2 3 0.5 0\n4 5 6 0.5 0\n7 8 9 nan 0\n"
    cloud = read_pcd(content)
    assert cloud.points.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]] and cloud.colors is None


def test_back_references_may_overlap_what_they_write() -> None:
    # "ab"; then, from two bytes back, 7 + 1 + 2 bytes; then, from one byte back, 1 + 2 bytes.
    packed = bytes([1]) + b"ab" + bytes([7 << 5, 1, 1]) + bytes([1 << 5, 0])
    assert decompress_lzf(packed, 15) == b"ab" * 6 + b"bbb"


@given(st.binary(max_size=300))
def test_literal_runs_survive(data: bytes) -> None:
    assert decompress_lzf(literal_lzf(data), len(data)) == data


@given(st.binary(max_size=60), st.integers(0, 200))
def test_damaged_compression_is_an_error_and_no_crash(data: bytes, size: int) -> None:
    with contextlib.suppress(UnreadableObjectError):
        assert len(decompress_lzf(data, size)) == size


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x00\x01\x02", "no complete header"),
        (header("zip"), "'zip'"),
        (header("binary", "x y w rgb") + records().tobytes(), "x, y and z are needed"),
        (header("ascii", points=5, kinds="F F F U") + b"1 2 3 4\n", "1 points; its header says 5"),
        (header("binary_compressed") + np.array([4, 99], dtype="<u4").tobytes(), "99 bytes; its header says 48"),
    ],
)
def test_broken_files_have_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableObjectError, match=reason):
        read_pcd(content)
