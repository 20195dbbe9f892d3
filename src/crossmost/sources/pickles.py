"""Arrays in pickles, found without unpickling: nothing in such a file is ever executed or imported.

Published clouds come as pickled lists and dictionaries of numpy arrays, gigabytes in one file. The opcodes are walked
through; containers and numbers are rebuilt, arrays become places in the file that are read one at a time. Whatever else
a pickle can do, calling a function above all, is refused.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from crossmost.errors import UnreadableObjectError

SMALL = 4096
"""Bytes; smaller contents are kept, larger ones stay in the file."""


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
            return _Walk(path.name).run(file)
        except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
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


@dataclass(frozen=True)
class _Name:
    """A global that pickles of arrays need; never the thing itself."""

    name: str


@dataclass(frozen=True)
class _Bytes:
    """Bytes in the file; the content only if it is small."""

    offset: int
    length: int
    content: bytes | None
    is_text: bool = False


@dataclass
class _DType:
    name: str
    order: str = "="

    @property
    def text(self) -> str:
        """With byte order; numbers only.

        Raises:
            TypeError: for any other type.
        """
        dtype = np.dtype(self.name).newbyteorder(">" if self.order == ">" else "<")
        if dtype.kind not in "fiub":
            raise TypeError(f"arrays of {dtype} are not read")
        return dtype.str


@dataclass
class _Array:
    """An array under construction: bytes in the file, or a list of objects."""

    value: Any = field(default=None)


_ARRAY_PARTS = {
    "_reconstruct": ("numpy.core.multiarray", "numpy._core.multiarray"),
    "scalar": ("numpy.core.multiarray", "numpy._core.multiarray"),
    "_frombuffer": ("numpy.core.numeric", "numpy._core.numeric"),
    "ndarray": ("numpy",),
    "dtype": ("numpy",),
    "encode": ("_codecs",),
}
_LENGTH_BYTES = {
    "SHORT_BINBYTES": 1, "BINBYTES": 4, "BINBYTES8": 8, "BYTEARRAY8": 8, "SHORT_BINSTRING": 1, "BINSTRING": 4,
}  # fmt: skip
_TEXT_LENGTH_BYTES = {"SHORT_BINUNICODE": 1, "BINUNICODE": 4, "BINUNICODE8": 8}
_PLAIN = {"BININT", "BININT1", "BININT2", "LONG1", "LONG4", "INT", "LONG", "BINFLOAT", "FLOAT"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_MARK = object()


class _Walk:
    """The stack machine of pickle, for data only."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self._on: dict[str, Callable[[Any], None]] = {
            "MARK": lambda _: self.stack.append(_MARK),
            "EMPTY_LIST": lambda _: self.stack.append([]),
            "EMPTY_DICT": lambda _: self.stack.append({}),
            "EMPTY_TUPLE": lambda _: self.stack.append(()),
            "LIST": lambda _: self.stack.append(self._since_mark()),
            "TUPLE": lambda _: self.stack.append(tuple(self._since_mark())),
            "TUPLE1": lambda _: self._tuple(1),
            "TUPLE2": lambda _: self._tuple(2),
            "TUPLE3": lambda _: self._tuple(3),
            "APPEND": lambda _: self._append([self.stack.pop()]),
            "APPENDS": lambda _: self._append(self._since_mark()),
            "SETITEM": lambda _: self._set_items([self.stack.pop(-2), self.stack.pop()]),
            "SETITEMS": lambda _: self._set_items(self._since_mark()),
            "PUT": self._remember, "BINPUT": self._remember, "LONG_BINPUT": self._remember,
            "MEMOIZE": lambda _: self._remember(len(self.memo)),
            "GET": self._recall, "BINGET": self._recall, "LONG_BINGET": self._recall,
            "GLOBAL": lambda names: self._global(*names.split(" ")),
            "STACK_GLOBAL": lambda _: self._global(self.stack.pop(-2), self.stack.pop()),
            "REDUCE": lambda _: self._reduce(self.stack.pop(), self.stack.pop()),
            "BUILD": lambda _: self._build(self.stack.pop(), self.stack[-1]),
            "POP": lambda _: self.stack.pop(),
            "PROTO": lambda _: None, "FRAME": lambda _: None,
        }  # fmt: skip

    def run(self, file: BinaryIO) -> Any:
        """Walk to the end; the value that is left."""
        argument: Any  # what it is depends on the opcode
        for opcode, argument, position in pickletools.genops(file):
            if opcode.name == "STOP":
                return _finished(self.stack.pop())
            if opcode.name in _PLAIN:
                self.stack.append(argument)
            elif opcode.name in _CONSTANTS:
                self.stack.append(_CONSTANTS[opcode.name])
            elif opcode.name in _LENGTH_BYTES:
                start = int(position or 0) + 1 + _LENGTH_BYTES[opcode.name]
                content = argument.encode("latin-1") if isinstance(argument, str) else bytes(argument)
                self.stack.append(_Bytes(start, len(content), content if len(content) <= SMALL else None))
            elif opcode.name in _TEXT_LENGTH_BYTES:
                self._text(argument, int(position or 0) + 1 + _TEXT_LENGTH_BYTES[opcode.name])
            elif opcode.name in self._on:
                self._on[opcode.name](argument)
            else:
                raise UnreadableObjectError(
                    f"{self.name} is refused: the pickle does more than hold arrays ({opcode.name})"
                )
        raise ValueError("it has no end")

    def _text(self, text: str, start: int) -> None:
        if len(text) <= SMALL:
            self.stack.append(text)
        else:
            length = len(text.encode("utf-8", errors="surrogatepass"))
            self.stack.append(_Bytes(start, length, None, is_text=True))

    def _since_mark(self) -> list[Any]:
        number = len(self.stack) - 1 - next(i for i, value in enumerate(reversed(self.stack)) if value is _MARK)
        values = self.stack[number + 1 :]
        del self.stack[number:]
        return values

    def _tuple(self, count: int) -> None:
        values = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.stack.append(values)

    def _append(self, values: list[Any]) -> None:
        self.stack[-1].extend(values)

    def _set_items(self, values: list[Any]) -> None:
        keys = (_plain_text(key) for key in values[::2])
        self.stack[-1].update(zip(keys, values[1::2], strict=True))

    def _remember(self, number: int) -> None:
        self.memo[number] = self.stack[-1]

    def _recall(self, number: int) -> None:
        self.stack.append(self.memo[number])

    def _global(self, module: str, name: str) -> None:
        if module not in _ARRAY_PARTS.get(name, ()):
            raise UnreadableObjectError(f"{self.name} is refused: the pickle wants {module}.{name}, which is no array")
        self.stack.append(_Name(name))

    def _reduce(self, arguments: Any, function: Any) -> None:
        match function, arguments:
            case _Name("_reconstruct"), _:
                self.stack.append(_Array())
            case _Name("dtype"), (name, *_):
                self.stack.append(_DType(_plain_text(name)))
            case _Name("encode"), (str(text), _):
                content = text.encode("latin-1")
                self.stack.append(_Bytes(0, len(content), content))
            case _Name("encode"), (_Bytes() as text, _):
                self.stack.append(text)
            case _Name("scalar"), (_DType() as dtype, _Bytes(content=bytes(content))):
                self.stack.append(np.frombuffer(content, dtype.text)[0].item())
            case _Name("_frombuffer"), (_Bytes() as data, _DType() as dtype, shape, "C"):
                self.stack.append(_Array(_stored(data, dtype, shape)))
            case _:
                raise TypeError("it builds something that is no array")

    def _build(self, state: Any, target: Any) -> None:
        match target, state:
            case _DType(), (_, order, *_):
                target.order = _plain_text(order)
            case _Array(), (_, _, _DType(), _, list(values)):
                target.value = values
            case _Array(), (_, shape, _DType() as dtype, False, _Bytes() as data):
                target.value = _stored(data, dtype, shape)
            case _:
                raise TypeError("it builds something that is no array in C order")


def _plain_text(value: Any) -> Any:
    """Strings of Python 2 are bytes."""
    return value.content.decode("latin-1") if isinstance(value, _Bytes) and value.content is not None else value


def _stored(data: _Bytes, dtype: _DType, shape: tuple[int, ...]) -> StoredArray | np.ndarray:
    """A place in the file; a small array as itself."""
    if data.content is not None:
        return np.frombuffer(data.content, dtype.text).reshape(shape)
    return StoredArray(data.offset, data.length, dtype.text, tuple(shape), data.is_text)


def _finished(value: Any) -> Any:
    """Without the wrappers of construction."""
    match value:
        case _Array():
            return _finished(value.value)
        case _Bytes():
            return _plain_text(value)
        case list():
            return [_finished(entry) for entry in value]
        case tuple():
            return tuple(_finished(entry) for entry in value)
        case dict():
            return {key: _finished(entry) for key, entry in value.items()}
        case _Name():
            raise TypeError("it holds a function or a class")
    return value
