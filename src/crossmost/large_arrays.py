"""Arrays of a whole collection, which may be larger than memory: they lie in a file and are read as they are needed."""

import mmap
import os
import tempfile
from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import DTypeLike

IN_MEMORY = 2**28
"""Bytes; larger arrays that are being filled lie in a temporary file (of `TMPDIR`)."""


def room_for(shape: Sequence[int], dtype: DTypeLike) -> np.ndarray:
    """An array to write to; a large one takes disk in place of memory, until nobody holds it."""
    n_bytes = prod(shape) * np.dtype(dtype).itemsize
    if n_bytes <= IN_MEMORY:
        return np.empty(shape, dtype=dtype)
    with tempfile.TemporaryFile() as file:  # the mapping keeps it
        if hasattr(os, "posix_fallocate"):  # a full disk is an error now, but a crash when the mapping is written to
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        return np.memmap(file, dtype=dtype, mode="w+", shape=tuple(shape))


def release_pages(array: np.ndarray) -> None:
    """Take what was read from an array's file, or written to it, out of this process's memory; the array stays whole.

    The system would do so by itself when it lacks memory. Until then a pass over a large file looks, and is counted by
    those who limit memory, as if all of it had been loaded.
    """
    if not isinstance(array, np.memmap) or array.mode == "c":  # what was written to a private copy is nowhere else
        return
    mapping: object = array.base
    if isinstance(mapping, mmap.mmap):
        mapping.madvise(mmap.MADV_DONTNEED)
