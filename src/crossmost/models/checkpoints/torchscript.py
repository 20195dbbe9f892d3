"""Tensors of a TorchScript archive (the format of OpenAI's CLIP files) without executing anything in it.

The archive is a zip with ``data.pkl``, a pickle of nested module objects, and the raw bytes of each storage under
``data/``. An unpickler that knows nothing but tensors and attribute holders reads it.
"""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from crossmost.errors import CrossmostError

_DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


class _Module:
    """Attributes of a scripted module, whatever its class was."""

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.attributes = state


def _plain_list(values: Any) -> list[Any]:
    return list(values)


def _tensor(storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Tensor:
    return torch.as_strided(storage, size, stride, offset)


class _Unpickler(pickle.Unpickler):
    """Makes tensors and `_Module`s; refuses every other global."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(archive.open(f"{root}/data.pkl"))
        self._archive, self._root = archive, root
        self._storages: dict[str, Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "__torch__" or module.startswith("__torch__."):
            return _Module
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_tensor"):
            return _tensor
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if module == "torch.jit._pickle" and name.startswith("build_"):
            return _plain_list
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")

    def persistent_load(self, pid: Any) -> Tensor:
        kind, dtype, key, _location, _count = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise pickle.UnpicklingError(f"a reference to {kind!r} is not allowed")
        if key not in self._storages:
            content = bytearray(self._archive.read(f"{self._root}/data/{key}"))
            self._storages[key] = torch.frombuffer(content, dtype=dtype) if content else torch.empty(0, dtype=dtype)
        return self._storages[key]


def read_torchscript(path: Path) -> dict[str, Tensor]:
    """All tensors of the archive by their dotted names, as ``state_dict`` would give them.

    Raises:
        CrossmostError: if the archive is damaged or refers to anything but tensors and modules.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            root = next(name.rpartition("/")[0] for name in archive.namelist() if name.endswith("/data.pkl"))
            module = _Unpickler(archive, root).load()
    except (pickle.UnpicklingError, zipfile.BadZipFile, StopIteration, KeyError, RuntimeError, EOFError) as error:
        raise CrossmostError(
            f"{path} is no TorchScript archive of tensors ({error or type(error).__name__}); nothing in it was executed"
        ) from error
    if not isinstance(module, _Module):
        raise CrossmostError(f"{path} holds a {type(module).__name__}, expected a TorchScript module")
    return dict(_tensors_of(module, ""))


def _tensors_of(module: _Module, prefix: str) -> Iterator[tuple[str, Tensor]]:
    for name, value in module.attributes.items():
        if isinstance(value, Tensor):
            yield prefix + name, value
        elif isinstance(value, _Module):
            yield from _tensors_of(value, f"{prefix}{name}.")
