"""The guard against a torchvision that was built for another torch."""

import subprocess
import sys

import pytest


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_the_package_imports_neither_torch_nor_torchvision() -> None:
    result = _run("import crossmost, sys; assert not {'torch', 'torchvision'} & set(sys.modules)")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("first", ["", "import torch; ", "import numpy, torch.nn; "])
def test_open_clip_imports_in_a_fresh_process(first: str) -> None:
    result = _run(f"{first}import crossmost; import open_clip; from torchvision import ops; print(ops.__name__)")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "torchvision.ops"


def test_installing_twice_leaves_one_finder_and_defining_twice_is_harmless() -> None:
    code = (
        "import sys; from crossmost import torchvision_guard as guard\n"
        "before = len(sys.meta_path); guard.install(); assert len(sys.meta_path) == before\n"
        "guard.define_missing_operators(); guard.define_missing_operators()\n"
        "import open_clip, torch; assert torch.ops.torchvision.nms is not None"
    )
    result = _run(code)
    assert result.returncode == 0, result.stderr


def test_a_second_import_of_the_package_leaves_one_finder() -> None:
    code = (
        "import sys, crossmost; before = len(sys.meta_path)\n"
        "for name in [name for name in sys.modules if name.startswith('crossmost')]: del sys.modules[name]\n"
        "import crossmost; assert len(sys.meta_path) == before\n"
        "import open_clip"
    )
    result = _run(code)
    assert result.returncode == 0, result.stderr


def test_the_operators_are_defined_only_where_the_compiled_library_cannot_be_loaded() -> None:
    code = (
        "import torch; torch.ops.load_library = lambda path: None\n"
        "from crossmost import torchvision_guard as guard\n"
        "guard.define_missing_operators()\n"
        "assert guard._fragment is None"
    )
    result = _run(code)
    assert result.returncode == 0, result.stderr
