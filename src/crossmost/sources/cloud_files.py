"""Files of points, with or without colors: npy, npz, xyz and other tables in text, pcd, las."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import laspy
import numpy as np

from crossmost.errors import UnreadableObjectError
from crossmost.sources.base import PointCloud
from crossmost.sources.mesh_files import PARSER_ERRORS, read_content
from crossmost.sources.pcd import read_pcd

POINT_KEYS = ("points", "xyz", "pc", "pos", "vertices")
COLOR_KEYS = ("colors", "rgb", "color")
NORMAL_TOLERANCE = 2e-3
"""How far from 1 the lengths of normals may be, which files often round to three digits."""
MOST_LABELS = 10
"""A column of so few values, after one of more, holds labels."""

_BETWEEN_DIGITS = re.compile(r"\d,\d")
_TWICE_IN_A_NUMBER = re.compile(r",\d+,")
_SPACED_COMMA = re.compile(r"[ \t],|,[ \t]")
_SPACE_ALONE = re.compile(r"[^\s,][ \t]+[^\s,]")
_UNCLEAR_COMMAS = "the commas between the numbers may be decimal points or separators; write 1.5 2.5 3.5 or 1.5,2.5,3.5"


def read_cloud_file(path: Path) -> PointCloud:
    """A file of points.

    Args:
        path: A file with one of `CLOUD_SUFFIXES`.

    Raises:
        UnreadableObjectError: if it is broken or holds no points.
    """
    suffix = path.suffix.lower()
    content = read_content(path)
    try:
        return _READERS[suffix](content)
    except UnreadableObjectError:
        raise
    except (*PARSER_ERRORS, laspy.LaspyException) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnreadableObjectError(f"the file is no valid {suffix[1:].upper()}: {reason}") from error


def cloud_from_columns(table: np.ndarray) -> PointCloud:
    """A cloud from a table (N, 3 or more) of x, y, z and, perhaps, red, green, blue; other columns are left out.

    The three columns after the coordinates are taken for colors if they look like it: no negative value, none above 1
    or none above 255, and not all of unit length as normals are. Of seven columns, the fourth is an intensity and the
    last three are the colors, unless the last cannot be one: a fraction, or of few values where the one before it has
    many, such as labels of parts and opacities.

    Raises:
        UnreadableObjectError: if the table has another shape or holds no numbers.
    """
    table = np.asarray(table)
    is_real = np.issubdtype(table.dtype, np.floating) or np.issubdtype(table.dtype, np.integer)
    if table.ndim != 2 or table.shape[1] < 3 or not is_real:
        raise UnreadableObjectError(f"expected a table of numbers (N, 3 or more), got {table.dtype} {table.shape}")
    return PointCloud(table[:, :3], _colors_in(table))


def _colors_in(table: np.ndarray) -> np.ndarray | None:
    """(N, 3) uint8 from a table (N, C), or None."""
    first, last = table[:, 3:6], table[:, 4:7]
    if first.shape[1] < 3 or _are_normals(first):
        return None
    has_intensity = table.shape[1] == 7 and not _ends_with_a_label(table) and (last.max() <= 1 or _are_whole(last))
    colors = as_colors(last) if has_intensity else None
    return as_colors(first) if colors is None else colors


def _are_normals(values: np.ndarray) -> bool:
    return np.allclose(np.linalg.norm(values.astype(np.float64), axis=1), 1, atol=NORMAL_TOLERANCE)


def _are_whole(values: np.ndarray) -> bool:
    return bool((values == np.round(values)).all())


def _ends_with_a_label(table: np.ndarray) -> bool:
    return len(np.unique(table[:, -1])) <= MOST_LABELS < len(np.unique(table[:, -2]))


def parse_table(text: str) -> np.ndarray:
    """Numbers in lines, separated by spaces, commas or semicolons; lines before the first such line are skipped.

    Between other separators, a comma is a decimal point: `1,5 2,5 3,5` are three numbers.

    Returns:
        (N, C) float64.

    Raises:
        UnreadableObjectError: if there is no line of three or more numbers, lines differ in length, or it is not clear
            what commas mean.
    """
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines) if numbers_in(line) >= 3), None)
    if first is None:
        raise UnreadableObjectError("the file has no line of three or more numbers")
    lines = _separated_by_spaces("\n".join(lines[first:])).splitlines()
    columns = len(lines[0].split())
    values = " ".join(lines).split()
    if len(values) % columns or any(len(line.split()) not in (0, columns) for line in lines):
        raise UnreadableObjectError(f"the lines of the file differ in length; the first has {columns} numbers")
    return np.array(values, dtype=np.float64).reshape(-1, columns)


def _separated_by_spaces(table: str) -> str:
    """Lines of numbers without commas and semicolons."""
    if _BETWEEN_DIGITS.search(table):
        has_spaced_commas = _SPACED_COMMA.search(table) is not None
        if ";" in table or _SPACE_ALONE.search(table):
            if has_spaced_commas or "." in table or _TWICE_IN_A_NUMBER.search(table):
                raise UnreadableObjectError(_UNCLEAR_COMMAS)
            table = table.replace(",", ".")
        elif has_spaced_commas and "." not in table:
            raise UnreadableObjectError(_UNCLEAR_COMMAS)
    return table.replace(",", " ").replace(";", " ")


def numbers_in(line: str) -> int:
    """How many numbers a line consists of; 0 if anything else is in it."""
    try:
        return len([float(part) for part in line.replace(",", " ").replace(";", " ").split()])
    except ValueError:
        return 0


def as_colors(values: np.ndarray) -> np.ndarray | None:
    """(N, 3) uint8, or None if the values cannot be colors."""
    if not np.isfinite(values).all() or values.min(initial=0) < 0:
        return None
    highest = values.max(initial=0)
    if highest > 255:
        return None
    is_share = highest <= 1 and np.issubdtype(values.dtype, np.floating)
    return np.round(values * (255 if is_share else 1)).astype(np.uint8)


def _read_npy(content: bytes) -> PointCloud:
    file = io.BytesIO(content)
    if not content.startswith(np.lib.format.MAGIC_PREFIX):
        raise UnreadableObjectError("the file does not begin as an NPY file does")
    major, _ = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    if read_header(file)[2].hasobject:
        raise UnreadableObjectError(
            "the file holds Python objects, which are not read; save an array of numbers (N, 3)"
        )
    return cloud_from_columns(np.load(io.BytesIO(content), allow_pickle=False))


def _read_npz(content: bytes) -> PointCloud:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        points = _first(archive, POINT_KEYS)
        if points is None and len(archive.files) == 1:
            points = archive[archive.files[0]]
        if points is None:
            names = ", ".join(archive.files) or "none"
            raise UnreadableObjectError(f"the arrays are {names}; the points must be called {', '.join(POINT_KEYS)}")
        cloud, colors = cloud_from_columns(points), _first(archive, COLOR_KEYS)
    if colors is not None and colors.shape == cloud.points.shape:
        return PointCloud(cloud.points, as_colors(colors))
    return cloud


def _first(archive: np.lib.npyio.NpzFile, names: Sequence[str]) -> np.ndarray | None:
    return next((archive[name] for name in names if name in archive.files), None)


def _read_text(content: bytes) -> PointCloud:
    return cloud_from_columns(parse_table(content.decode("utf-8-sig")))


def _read_pts(content: bytes) -> PointCloud:
    table = parse_table(content.decode("utf-8-sig"))
    return cloud_from_columns(np.delete(table, 3, axis=1) if table.shape[1] == 7 else table)  # x y z intensity r g b


def _read_las(content: bytes) -> PointCloud:
    las = laspy.read(io.BytesIO(content))
    points = np.asarray(las.xyz)
    if "red" not in las.point_format.dimension_names:
        return PointCloud(points)
    colors = np.stack([np.asarray(las[channel]) for channel in ("red", "green", "blue")], axis=1)
    # The format says 16 bits; many writers put 8-bit values there.
    return PointCloud(points, (colors >> 8 if colors.max(initial=0) > 255 else colors).astype(np.uint8))


_READERS: dict[str, Callable[[bytes], PointCloud]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".xyz": _read_text,
    ".txt": _read_text,
    ".pts": _read_pts,
    ".pcd": read_pcd,
    ".las": _read_las,
}
CLOUD_SUFFIXES = tuple(_READERS)
