"""Makes ``import torchvision`` work beside a CPU-only torch.

The torchvision wheel on the Python package index is built against CUDA. Beside a CPU build of torch its
compiled library cannot be loaded, and ``import torchvision`` (hence open_clip and torchmetrics) dies with
"operator torchvision::nms does not exist", because the package registers a fake kernel for an operator nobody
has defined. Defining the two operators by name is enough: this project calls neither.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_OPERATORS = ("nms", "qnms")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

# Operators stay defined only as long as the library object that defined them is alive.
_fragment: Any = None


def define_missing_operators() -> None:
    """Define torchvision's operators if its compiled library cannot be loaded; call before importing it."""
    global _fragment
    if _fragment is not None or "torchvision" in sys.modules:
        return
    library = _compiled_library()
    if library is None:
        return
    import torch

    try:
        torch.ops.load_library(str(library))
    except OSError:
        _fragment = torch.library.Library("torchvision", "FRAGMENT")
        for operator in _OPERATORS:
            _fragment.define(operator + _SCHEMA)


def _compiled_library() -> Path | None:
    """Path of ``torchvision/_C.so``, found without importing torchvision; None if there is none."""
    spec = PathFinder.find_spec("torchvision")  # not importlib.util: it would ask our own finder again
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations)))
    return next(iter(sorted(folder.glob("_C*.so"))), None)


class _FirstImport(MetaPathFinder):
    """Runs the guard when anyone first imports torchvision, and so imports torch no earlier than that."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "torchvision":
            define_missing_operators()
        return None


def install() -> None:
    """Arrange for `define_missing_operators` to run just before torchvision is first imported.

    The one import-time side effect of this package (its ``__init__`` calls it); it costs nothing until then.
    """
    # By name: Kedro's notebook extension imports this package a second time, and a second finder, of a second class,
    # would define the operators again.
    installed = {(type(finder).__module__, type(finder).__qualname__) for finder in sys.meta_path}
    if "torchvision" not in sys.modules and (__name__, _FirstImport.__qualname__) not in installed:
        sys.meta_path.insert(0, _FirstImport())
