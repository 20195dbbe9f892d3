"""The stack machine of pickle, for data only: containers and numbers are rebuilt, arrays become places in the file.

Whatever else a pickle can do, calling a function above all, is refused. Nothing is imported or executed.
"""

from __future__ import annotations

import os
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from crossmost.errors import UnreadableObjectError
from crossmost.sources.stored_arrays import StoredArray

SMALL = 4096
"""Bytes; smaller contents are kept, larger ones stay in the file."""
MOST_ENTRIES = 100_000_000
"""Of lists, tuples and dictionaries together, each counted as often as it is held: 40 lists can hold a trillion."""


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


class PickleWalk:
    """One walk through one pickle.

    Args:
        name: Names the file in an error.
    """

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
        for opcode, argument, position in pickletools.genops(_Bounded(file)):  # type: ignore[arg-type]
            if opcode.name == "STOP":
                return _finish(self.stack.pop())
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
        number = next((n for n in reversed(range(len(self.stack))) if self.stack[n] is _MARK), None)
        if number is None:
            raise ValueError("a group has no beginning")
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
        keys = [_plain_text(key) for key in values[::2]]
        if not all(isinstance(key, str | int | float | None) for key in keys):  # hashing nested tuples may never end
            raise TypeError("a dictionary in it has keys that are neither text nor numbers")
        self.stack[-1].update(zip(keys, values[1::2], strict=True))

    def _remember(self, number: int) -> None:
        self.memo[number] = self.stack[-1]

    def _recall(self, number: int) -> None:
        self.stack.append(self.memo[number])

    def _global(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError("it names a function or a class by something that is no text")
        if module not in _ARRAY_PARTS.get(name, ()):
            raise UnreadableObjectError(f"{self.name} is refused: the pickle wants {module}.{name}, which is no array")
        self.stack.append(_Name(name))

    def _reduce(self, arguments: Any, function: Any) -> None:
        match function, arguments:
            case _Name("_reconstruct"), _:
                self.stack.append(_Array())
            case _Name("dtype"), (str() | _Bytes() as name, *_):
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


class _Bounded:
    """A file whose reads never ask for more than there is: a damaged length must not ask for all memory."""

    def __init__(self, file: BinaryIO) -> None:
        self.tell, self.readline = file.tell, file.readline
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    def read(self, count: int) -> bytes:
        return self._file.read(min(count, self._size - self._file.tell()))


def _plain_text(value: Any) -> Any:
    """Strings of Python 2 are bytes."""
    return value.content.decode("latin-1") if isinstance(value, _Bytes) and value.content is not None else value


def _stored(data: _Bytes, dtype: _DType, shape: tuple[int, ...]) -> StoredArray | np.ndarray:
    """A place in the file; a small array as itself."""
    if not all(isinstance(side, int) and side >= 0 for side in shape):
        raise TypeError("an array in it has a shape that is none")
    if data.content is not None:
        return np.frombuffer(data.content, dtype.text).reshape(shape)
    return StoredArray(data.offset, data.length, dtype.text, tuple(shape), data.is_text)


def _finish(value: Any) -> Any:
    """Without the wrappers of construction."""
    finished, entries = _finished(value, {})
    if entries > MOST_ENTRIES:
        raise ValueError(f"its lists hold each other so often that they have {entries} entries; at most {MOST_ENTRIES}")
    return finished


def _finished(value: Any, done: dict[int, tuple[Any, int] | None]) -> tuple[Any, int]:
    """A value without wrappers and the number of its entries; `done` has each container once, None while at work."""
    match value:
        case _Array():
            return _finished(value.value, done)
        case _Bytes():
            return _plain_text(value), 1
        case _Name():
            raise TypeError("it holds a function or a class")
        case list() | tuple() | dict():
            if id(value) not in done:
                done[id(value)] = None
                parts = [_finished(part, done) for part in (value.values() if isinstance(value, dict) else value)]
                parts_alone = (part for part, _ in parts)
                whole = (
                    dict(zip(value, parts_alone, strict=True)) if isinstance(value, dict) else type(value)(parts_alone)
                )
                done[id(value)] = whole, 1 + sum(entries for _, entries in parts)
            found = done[id(value)]
            if found is None:
                raise ValueError("a list in it holds itself")
            return found
    return value, 1
