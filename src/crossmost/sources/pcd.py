"""Clouds of the Point Cloud Library (`.pcd`, version 0.7): text, binary and compressed.

Format: https://pointclouds.org/documentation/tutorials/pcd_file_format.html
"""

from __future__ import annotations

import io

import numpy as np

from crossmost.errors import UnreadableObjectError
from crossmost.sources.base import PointCloud

_HEADER_LIMIT = 4096  # bytes
_KINDS = {"F": "f", "I": "i", "U": "u"}


def read_pcd(content: bytes) -> PointCloud:
    """The points of a PCD file with their colors, if it has an `rgb` or `rgba` field.

    Raises:
        UnreadableObjectError: if the header is incomplete, or the data is shorter than it says.
    """
    header, start = _read_header(content)
    fields = _record_type(header)
    count = _number(header, "POINTS")
    data = content[start:]
    storage = header.get("DATA", [""])[0]
    if storage == "ascii":
        table = np.loadtxt(io.BytesIO(data), dtype=fields, ndmin=1, max_rows=count)
    elif storage == "binary":
        table = np.frombuffer(data, dtype=fields, count=count)
    elif storage == "binary_compressed":
        table = _uncompressed(data, fields, count)
    else:
        raise UnreadableObjectError(f"the PCD file stores its data as {storage!r}; ascii, binary or binary_compressed")
    if len(table) != count:
        raise UnreadableObjectError(f"the PCD file has {len(table)} points; its header says {count}")
    points = np.stack([np.asarray(table[axis], dtype=np.float64) for axis in "xyz"], axis=1)
    packed = next((table[name] for name in ("rgb", "rgba") if name in (table.dtype.names or ())), None)
    return PointCloud(points, None if packed is None else _unpacked(np.ascontiguousarray(packed)))


def _read_header(content: bytes) -> tuple[dict[str, list[str]], int]:
    """Header entries by upper-case name, and where the data starts."""
    entries: dict[str, list[str]] = {}
    position = 0
    while position < min(len(content), _HEADER_LIMIT):
        end = content.find(b"\n", position)
        if end < 0:
            break
        words = content[position:end].decode("ascii", errors="replace").split()
        position = end + 1
        if not words or words[0].startswith("#"):
            continue
        entries[words[0].upper()] = words[1:]
        if words[0].upper() == "DATA":
            return entries, position
    raise UnreadableObjectError("the PCD file has no complete header")


def _number(header: dict[str, list[str]], name: str) -> int:
    values = header.get(name, [])
    if len(values) != 1 or not values[0].isdigit():
        raise UnreadableObjectError(f"the PCD header gives {name} as {' '.join(values)!r}; expected a number")
    return int(values[0])


def _record_type(header: dict[str, list[str]]) -> np.dtype:
    """Structured type of one point."""
    names, sizes, kinds = (header.get(key, []) for key in ("FIELDS", "SIZE", "TYPE"))
    counts = header.get("COUNT", ["1"] * len(names))
    if not names or not len(names) == len(sizes) == len(kinds) == len(counts):
        raise UnreadableObjectError("the PCD header does not give a size, a type and a count for every field")
    if not {"x", "y", "z"} <= set(names):
        raise UnreadableObjectError(f"the PCD file has the fields {', '.join(names)}; x, y and z are needed")
    fields = []
    for number, (name, size, kind, count) in enumerate(zip(names, sizes, kinds, counts, strict=True)):
        unique = f"{name}{number}" if name == "_" or name in names[:number] else name  # `_` is padding
        fields.append((unique, f"<{_KINDS[kind.upper()]}{int(size)}", (int(count),) if count != "1" else ()))
    return np.dtype(fields)


def _uncompressed(data: bytes, fields: np.dtype, count: int) -> np.ndarray:
    """Compressed data holds all values of the first field, then all of the second, …"""
    compressed_size, size = (int(value) for value in np.frombuffer(data, dtype="<u4", count=2))
    if size != fields.itemsize * count:
        raise UnreadableObjectError(f"the PCD data has {size} bytes; its header says {fields.itemsize * count}")
    raw = decompress_lzf(data[8 : 8 + compressed_size], size)
    table = np.empty(count, dtype=fields)
    position = 0
    for name in fields.names or ():
        column = fields[name]
        table[name] = np.frombuffer(raw, dtype=column, count=count, offset=position)
        position += column.itemsize * count
    return table


def _unpacked(packed: np.ndarray) -> np.ndarray:
    """(N, 3) uint8 from colors packed as 0x00RRGGBB into 4 bytes, often declared as float."""
    bits = packed.view("<u4") if packed.dtype.itemsize == 4 else packed.astype("<u4")
    return np.stack([bits >> 16 & 255, bits >> 8 & 255, bits & 255], axis=1).astype(np.uint8)


def decompress_lzf(data: bytes, size: int) -> bytes:
    """Undo LibLZF compression, which PCL uses (http://oldhome.schmorp.de/marc/liblzf.html).

    A control byte below 32 announces literal bytes; any other copies bytes from what was written before.

    Raises:
        UnreadableObjectError: if the data is damaged.
    """
    written = bytearray()
    position = 0
    try:
        while position < len(data):
            control = data[position]
            position += 1
            if control < 32:
                written += data[position : position + control + 1]
                position += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += data[position]
                position += 1
            start = len(written) - ((control & 31) << 8) - data[position] - 1
            position += 1
            if start < 0 or len(written) > size:
                raise UnreadableObjectError("the compressed PCD data is damaged")
            for offset in range(start, start + length + 2):  # may overlap what it writes
                written.append(written[offset])
    except IndexError as error:
        raise UnreadableObjectError("the compressed PCD data is cut short") from error
    if len(written) != size:
        raise UnreadableObjectError(f"the compressed PCD data gives {len(written)} bytes; {size} were announced")
    return bytes(written)
