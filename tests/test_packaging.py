"""requirements.lock against pyproject.toml."""

import ast
import re
import sys
import tomllib
from importlib.metadata import metadata, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]
LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines()
PINS = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in LOCK)}


def _direct_requirements() -> list[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(r for rs in project["optional-dependencies"].values() for r in rs)]


def test_every_line_pins_one_published_version() -> None:
    wrong = [line for line in LOCK if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)]
    assert not wrong, "a local version, an address or no pin"


def test_what_the_package_imports_is_required() -> None:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in (PROJECT / "src").rglob("*.py"))
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0}
    modules = {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"crossmost"}
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    required |= {canonicalize_name(Requirement(text).name) for text in project["optional-dependencies"]["workflow"]}
    packages = packages_distributions()
    missing = [name for name in modules if not required & {canonicalize_name(found) for found in packages[name]}]
    assert modules and not missing


@pytest.mark.parametrize("requirement", _direct_requirements())
def test_every_direct_requirement_is_pinned_to_a_version_it_allows(requirement: str) -> None:
    wanted = Requirement(requirement)
    assert wanted.specifier.contains(PINS[canonicalize_name(wanted.name)])


def test_torch_is_the_tested_build_and_brings_no_accelerator_libraries() -> None:
    assert PINS[canonicalize_name("torch")] == "2.13.0"
    assert not [name for name in PINS if name.startswith(("nvidia", "triton", "cuda"))]


def test_every_pinned_package_installs_on_the_oldest_supported_python() -> None:
    """Debian 12 has Python 3.11.2; a machine with a newer 3.11 would not notice."""
    needed = {name: str(metadata(name).json.get("requires_python", "")) for name in PINS}
    assert not {name: python for name, python in needed.items() if "3.11.2" not in SpecifierSet(python)}
