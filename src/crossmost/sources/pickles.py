"""Arrays in pickles, found without unpickling: nothing in such a file is ever executed or imported.

Published clouds come as pickled lists and dictionaries of numpy arrays, gigabytes in one file. The opcodes are walked
through; what is found are places in the file, which are read one at a time.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from crossmost.errors import UnreadableObjectError
from crossmost.sources.pickle_walk import PickleWalk
from crossmost.sources.stored_arrays import StoredArray


def read_pickle(path: Path, offset: int = 0) -> Any:
    """Lists, tuples, dictionaries, strings, numbers and `StoredArray`s of a pickle.

    Args:
        path: The file.
        offset: Where the pickle starts in it.

    Raises:
        UnreadableObjectError: if it is no pickle, is damaged, or holds anything else.
    """
    with path.open("rb") as file:
        file.seek(offset)
        try:
            return PickleWalk(path.name).run(file)
        except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise UnreadableObjectError(f"{path.name} is no pickle of arrays: {error}") from error


def read_pickled_npy(path: Path) -> Any:
    """What `numpy.save` stored of an object: a single object as itself, an array of objects as a list.

    Raises:
        UnreadableObjectError: as `read_pickle`, or if the file is no `.npy`.
    """
    with path.open("rb") as file:
        try:
            major, _ = np.lib.format.read_magic(file)
            read_header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
            shape, by_column, dtype = read_header(file)
        except ValueError as error:
            raise UnreadableObjectError(f"{path.name} is no NPY file: {error}") from error
        offset = file.tell()
    if not dtype.hasobject:
        if by_column:
            raise UnreadableObjectError(f"{path.name} stores its array column by column, which is not read")
        length = math.prod(shape) * dtype.itemsize
        return StoredArray(offset, length, dtype.str, shape)
    content = read_pickle(path, offset)
    return content[0] if shape == () else content
