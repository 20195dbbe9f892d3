"""Opening a checkpoint that someone else wrote: tensors and plain values only, never code."""

import argparse
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from crossmost.errors import CrossmostError, MissingInputError
from crossmost.models.checkpoints.torchscript import read_torchscript

Container = Literal["torch", "torchscript", "safetensors"]

_GIT_LFS = b"version https://git-lfs"
_NUMPY_SCALAR = np._core.multiarray.scalar  # type: ignore[attr-defined]
# What training scripts keep beside the weights: their arguments, and best accuracies as numpy numbers.
_HARMLESS: list[Any] = [
    argparse.Namespace,
    np.dtype,
    _NUMPY_SCALAR,
    (_NUMPY_SCALAR, "numpy.core.multiarray.scalar"),  # files written with numpy 1
    *(type(np.dtype(name)) for name in ("float32", "float64", "int32", "int64")),
]


@dataclass(frozen=True)
class CheckpointFile:
    """A checkpoint as it lies on disk.

    Attributes:
        path: where it was read from.
        container: how tensors are stored.
        states: state dicts by the name of the top-level entry that holds them (``""``: the file is one), without the
            prefix ``module.`` of distributed training.
        other_entries: names of top-level entries that are no state dict (optimizer, epoch, args …).
    """

    path: Path
    container: Container
    states: Mapping[str, Mapping[str, Tensor]]
    other_entries: tuple[str, ...]

    def state(self, *entries: str) -> Mapping[str, Tensor]:
        """The first of the named state dicts that is there; empty if there is none."""
        return next((self.states[entry] for entry in entries if entry in self.states), {})


def open_checkpoint(path: Path) -> CheckpointFile:
    """Read a ``.safetensors`` file, a file of ``torch.save`` or a TorchScript archive.

    Memory: tensors of zip files are mapped, not copied.

    Raises:
        MissingInputError: if there is no such file.
        CrossmostError: if it is damaged, of another format, or wants to run code.
    """
    if not path.is_file():
        raise MissingInputError(f"There is no checkpoint at {path}; give the path of the downloaded file")
    _refuse_text(path)
    container = _container(path)
    if container == "safetensors":
        try:
            return CheckpointFile(path, container, {"": _without_prefix(load_file(path))}, ())
        except SafetensorError as error:
            raise CrossmostError(f"{path} is damaged ({error}); download it again") from error
    if container == "torchscript":
        return CheckpointFile(path, container, {"": read_torchscript(path)}, ())
    return _arrange(path, _load_torch(path))


def _refuse_text(path: Path) -> None:
    """What failed downloads leave in place of weights."""
    with path.open("rb") as file:
        start = file.read(256).lstrip().lower()
    if not start:
        raise CrossmostError(f"{path} is empty; download it again")
    if start.startswith(_GIT_LFS):
        raise CrossmostError(
            f"{path} is a pointer of git-lfs, not the file itself; `git lfs pull` in its folder fetches it"
        )
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise CrossmostError(f"{path} is a web page, as failed downloads leave it; download the file again")


def _container(path: Path) -> Container:
    if path.suffix == ".safetensors":
        return "safetensors"
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith("/constants.pkl") for name in archive.namelist()):
                return "torchscript"
    return "torch"


def _load_torch(path: Path) -> Any:
    with torch.serialization.safe_globals(_HARMLESS):
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
        except pickle.UnpicklingError as error:
            raise CrossmostError(
                f"{path} is not read: it holds more than tensors, numbers and command-line arguments, and unpickling "
                f"that could run code ({_first_line(error)}). If you trust its origin, convert it on another machine: "
                "load it there and save only its state dict"
            ) from error
        except (RuntimeError, EOFError, ValueError, KeyError, IndexError) as error:
            raise CrossmostError(
                f"{path} is no checkpoint that can be read ({_first_line(error)}); expected .safetensors, a file "
                "of torch.save or a TorchScript archive. Is the download complete?"
            ) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if "Unsupported" in line or "GLOBAL" in line]
    return (lines or str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _arrange(path: Path, content: Any) -> CheckpointFile:
    if not isinstance(content, dict):
        raise CrossmostError(f"{path} holds a {type(content).__name__}, expected a dictionary with a state dict")
    states: dict[str, Mapping[str, Tensor]] = {}
    own = {key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, Tensor)}
    if own:
        states[""] = _without_prefix(own)
    for key, value in content.items():
        if isinstance(value, dict) and value and all(isinstance(entry, Tensor) for entry in value.values()):
            states[str(key)] = _without_prefix({str(name): tensor for name, tensor in value.items()})
    others = tuple(str(key) for key in content if str(key) not in states and key not in own)
    if not states:
        raise CrossmostError(f"{path} holds no state dict; its entries are: {', '.join(others[:10]) or 'none'}")
    return CheckpointFile(path, "torch", states, others)


def _without_prefix(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    if all(key.startswith("module.") for key in tensors):
        return {key.removeprefix("module."): tensor for key, tensor in tensors.items()}
    return tensors
