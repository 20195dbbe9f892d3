"""Arrays that stay in their file until they are read, one at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crossmost.errors import UnreadableObjectError


@dataclass(frozen=True)
class StoredArray:
    """An array inside a file.

    Args:
        offset: Where its bytes start.
        length: How many bytes of the file it takes.
        dtype: numpy's name of its type, with byte order.
        shape: Its shape, in C order.
        is_text: Whether its bytes are written as text (Latin-1 in UTF-8), as protocol 2 does.
    """

    offset: int
    length: int
    dtype: str
    shape: tuple[int, ...]
    is_text: bool = False

    def read(self, path: Path) -> np.ndarray:
        """The array.

        Raises:
            UnreadableObjectError: if the file is shorter than the pickle says.
        """
        with path.open("rb") as file:
            file.seek(self.offset)
            content = file.read(self.length)
        if self.is_text:
            content = content.decode("utf-8", errors="surrogatepass").encode("latin-1")
        size = math.prod(self.shape) * np.dtype(self.dtype).itemsize
        if len(content) < size:
            raise UnreadableObjectError(f"{path.name} ends inside an array: {len(content)} of {size} bytes")
        return np.frombuffer(content, dtype=self.dtype, count=math.prod(self.shape)).reshape(self.shape)

    def row(self, number: int) -> StoredArray:
        """One entry along the first axis; not for arrays written as text."""
        size = math.prod(self.shape[1:]) * np.dtype(self.dtype).itemsize
        return replace(self, offset=self.offset + number * size, length=size, shape=self.shape[1:])
