"""dvc.yaml against the catalog, the pipelines and the imports: the three must tell the same story."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines

from crossmost.pipelines.reporting.nodes import PRINTED_STAGES
from crossmost.settings import CONFIG_LOADER_ARGS

PROJECT = Path(__file__).parents[1]
DVC = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
STAGES = sorted(DVC)
# A store beside the pre-training outputs: as a declared output, its absence from a clone would mean 30 minutes of
# pre-training there. It is safe outside DVC because every shard carries the fingerprint of what it was made from.
SCRATCH = {"source_objects"}
# Changes here cannot change a result: error classes, progress bars, and Kedro's way of reading and writing files.
NOT_A_CAUSE = {
    "crossmost",
    "crossmost.errors",
    "crossmost.progress",
    "crossmost.torchvision_guard",
    "crossmost.pipelines",
}


@pytest.fixture(scope="module")
def catalog() -> dict[str, dict[str, Any]]:
    """The catalog's configuration in the environment that DVC runs."""
    loader = OmegaConfigLoader(str(PROJECT / "conf"), env="base", **CONFIG_LOADER_ARGS)
    return dict(loader["catalog"])


def _paths(entries: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """DVC's outputs, each written as a path or as {path: options}."""
    return {
        path: options or {}
        for entry in entries
        for path, options in (entry.items() if isinstance(entry, dict) else [(entry, {})])
    }


def _outputs(stage: str) -> dict[str, dict[str, Any]]:
    return _paths(DVC[stage].get("outs", [])) | _paths(DVC[stage].get("metrics", []))


def _places(names: Iterable[str], catalog: dict[str, dict[str, Any]]) -> set[str]:
    """Paths of the named datasets that are kept on disk."""
    entries = [catalog[name] for name in names if name in catalog]
    return {entry.get("filepath") or entry["path"] for entry in entries if entry["type"] != "MemoryDataset"}


def test_one_stage_per_pipeline() -> None:
    # New objects and users' own triplets come and go, settings are compared once: no stages for DVC.
    apart = {name for name in pipelines if name.endswith("prediction")} | {"alignment", "tuning"}
    assert set(STAGES) == set(pipelines) - {"selftrain", "__default__"} - apart


@pytest.mark.parametrize("stage", STAGES)
def test_command_runs_the_pipeline_in_the_base_environment(stage: str) -> None:
    assert DVC[stage]["cmd"] == f"kedro run --pipelines={stage} --env=base"


@pytest.mark.parametrize("stage", STAGES)
def test_data_dependencies_are_the_free_inputs(stage: str, catalog: dict[str, dict[str, Any]]) -> None:
    declared = {path for path in DVC[stage]["deps"] if path.startswith("data/")}
    assert declared == _places(pipelines[stage].inputs(), catalog)


@pytest.mark.parametrize("stage", STAGES)
def test_outputs_are_what_the_pipeline_saves(stage: str, catalog: dict[str, dict[str, Any]]) -> None:
    assert set(_outputs(stage)) == _places(pipelines[stage].all_outputs() - SCRATCH, catalog)


@pytest.mark.parametrize("stage", STAGES)
def test_parameters_are_those_of_the_nodes(stage: str) -> None:
    inputs = pipelines[stage].inputs()
    used = {name.removeprefix("params:") for name in inputs if name.startswith("params:")}
    if "parameters" in inputs:  # all of them, as a dictionary
        assert set(PRINTED_STAGES) == set(STAGES)
        used |= set(PRINTED_STAGES)
    files = {f"conf/base/parameters_{name.split('.')[0]}.yml": [name] for name in used}
    global_values = _globals_used(files)
    if global_values:
        files["conf/base/globals.yml"] = global_values
    assert _parameters(stage) == files


def _parameters(stage: str) -> dict[str, list[str]]:
    return {path: sorted(keys) for entry in DVC[stage].get("params", []) for path, keys in entry.items()}


def _globals_used(paths: Iterable[str]) -> list[str]:
    """Keys of globals.yml that parameter files interpolate: DVC sees their text only, not their value."""
    texts = [(PROJECT / path).read_text(encoding="utf-8") for path in paths]
    used = {key for text in texts for key in re.findall(r"\$\{globals:(\w+)", text)}
    return sorted(used - {"cluster"})  # where something is computed changes nothing


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "pretraining"])
def test_code_dependencies_cover_every_import(stage: str) -> None:
    graph = grimp.build_graph("crossmost")
    root = f"crossmost.pipelines.{stage}"
    modules = {root} | graph.find_descendants(root)
    modules |= set().union(*(graph.find_upstream_modules(module) for module in modules))
    covered = [path for path in DVC[stage]["deps"] if path.startswith("src/")]
    uncovered = {m for m in modules - NOT_A_CAUSE if not any(_lies_in(m, path) for path in covered)}
    assert not uncovered


def _lies_in(module: str, path: str) -> bool:
    own = f"src/{module.replace('.', '/')}"
    return own == path or f"{own}.py" == path or own.startswith(f"{path}/")


@pytest.mark.parametrize("stage", STAGES)
def test_code_dependencies_exist(stage: str) -> None:
    for path in DVC[stage]["deps"]:
        assert not path.startswith("src/") or (PROJECT / path).exists(), path


@pytest.mark.parametrize("stage", STAGES)
def test_only_incremental_stores_persist(stage: str, catalog: dict[str, dict[str, Any]]) -> None:
    stores = {
        entry["filepath"] for entry in catalog.values() if str(entry.get("type", "")).endswith("ShardStoreDataset")
    }
    persisted = {path for path, options in _outputs(stage).items() if options.get("persist")}
    assert persisted == stores & set(_outputs(stage))


def test_pretraining_leaves_nothing_that_a_clone_lacks() -> None:
    options = _outputs("pretraining").values()
    assert all(entry.get("cache") is False for entry in options), "a fresh clone would pre-train again"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("stage", STAGES)
def test_git_tracks_exactly_what_the_cache_does_not_hold(stage: str) -> None:
    for path, options in _outputs(stage).items():
        inside = f"{path}/file" if "." not in Path(path).name else path
        ignored = subprocess.run(["git", "check-ignore", "-q", inside], cwd=PROJECT, check=False).returncode == 0
        assert ignored == (options.get("cache") is not False), path


def test_a_changed_parameter_reruns_only_what_depends_on_it(tmp_path: Path) -> None:
    """The real stages with stand-in commands: the graph of dependencies is what is tested."""
    copy = _project_with_stand_ins(tmp_path)
    assert _stages_run(copy) == set(STAGES)
    assert _stages_run(copy) == set()
    parameters = copy / "conf/base/parameters_selftraining.yml"
    tree = yaml.safe_load(parameters.read_text(encoding="utf-8"))
    tree["selftraining"]["seed"] = 12345
    parameters.write_text(yaml.safe_dump(tree), encoding="utf-8")
    assert _stages_run(copy) == {"selftraining", "evaluation", "reporting"}


_STAND_IN = """
import hashlib, pathlib, sys, yaml
stage = yaml.safe_load(open("dvc.yaml"))["stages"][sys.argv[1]]
digest = hashlib.sha256()
for dependency in sorted(stage["deps"]) + [path for entry in stage.get("params", []) for path in entry]:
    for file in sorted([*pathlib.Path(dependency).rglob("*"), pathlib.Path(dependency)]):
        if file.is_file():
            digest.update(file.read_bytes())
for entry in stage.get("outs", []) + stage.get("metrics", []):
    out = pathlib.Path(next(iter(entry)) if isinstance(entry, dict) else entry)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text('{"digest": "' + digest.hexdigest() + sys.argv[1] + out.name + '"}')
"""


def _project_with_stand_ins(root: Path) -> Path:
    """A copy of what DVC reads, whose commands write a digest of their inputs in place of each output."""
    (root / "stand_in.py").write_text(_STAND_IN, encoding="utf-8")
    text = (PROJECT / "dvc.yaml").read_text(encoding="utf-8")
    for stage in STAGES:
        text = text.replace(DVC[stage]["cmd"], f"{sys.executable} stand_in.py {stage}")
    (root / "dvc.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(PROJECT / "conf/base", root / "conf/base")
    shutil.copytree(PROJECT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    produced = {path for stage in STAGES for path in _outputs(stage)}
    for path in {path for stage in STAGES for path in DVC[stage]["deps"] if path.startswith("data/")} - produced:
        (root / path).mkdir(parents=True)
        (root / path / "raw").write_text("raw", encoding="utf-8")
    _dvc(root, "init", "--no-scm", "--quiet")
    shutil.copy(PROJECT / ".dvc/config", root / ".dvc/config")
    (root / ".dvc/config").open("a", encoding="utf-8").write("    no_scm = true\n")
    return root


def _stages_run(root: Path) -> set[str]:
    output = _dvc(root, "repro")
    return {stage for stage in STAGES if f"Running stage '{stage}'" in output}


def _dvc(root: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "dvc", *arguments]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
