"""`kedro run` under a launcher: one process runs the pipeline, two train."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from safetensors.numpy import load_file

from tests.launchers import BATCH_SCRIPT, torchrun
from tests.tiny_run import TINY, merged, run_environment

TWO: dict[str, Any] = {"selftraining": {"crossmost": {"engine": {"devices": 2, "precision": "32-true"}}}}


def kedro_run(*options: str) -> tuple[int, str]:
    """Exit code and output of a run in two processes of torchrun."""
    (outcome,) = torchrun("kedro", "run", "--env=test", *options)
    return outcome.returncode, outcome.stdout


def flat(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}={value}"


@pytest.mark.slow
@pytest.mark.render
def test_a_launched_run_writes_once_what_spawned_processes_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_environment("test", tmp_path, "pretraining", "ingestion", "rendering", "zeroshot")
    copytree(tmp_path / "data", tmp_path / "launched" / "data")
    with monkeypatch.context() as patch:
        for name, value in BATCH_SCRIPT.items():
            patch.setenv(name, value)
        spawned = run_environment("test", tmp_path, "selftraining", "evaluation", **TWO)
    launched = tmp_path / "launched" / "data"
    parameters = merged(merged(TINY, TWO), {"data_root": str(launched)})
    code, output = kedro_run("--pipelines=selftraining,evaluation", f"--params={','.join(flat(parameters))}")
    assert code == 0, output
    for node in ("selftraining.adapt_jointly", "selftraining.adapt_separately", "selftraining.score_crossmost"):
        assert output.count(f"{node} →") == 1, output
    for method in ("crossmost", "separate"):
        (expected, found) = (
            load_file(next((root / "06_models" / method).glob("*.safetensors"))) for root in (spawned, launched)
        )
        assert expected.keys() == found.keys()
        assert all((found[name] == value).all() for name, value in expected.items()), method
        scores = f"07_model_output/{method}_scores"
        for name in ("probabilities.npy", "objects.parquet"):
            assert (launched / scores / name).read_bytes() == (spawned / scores / name).read_bytes(), method
    assert (launched / "08_reporting/metrics.json").read_bytes() == (spawned / "08_reporting/metrics.json").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pipelines=selftraining"], "the launcher started 2 processes, 2 on each machine, but engine.devices is 1"),
        (["--pipelines=ingestion"], "only self-training uses more than one, and this run holds none of it"),
        (["--pipelines=nothing"], "There is no pipeline `nothing` (there are ingestion, "),
    ],
)
@pytest.mark.slow
def test_a_run_that_does_not_fit_the_launcher_is_refused_in_one_sentence(options: list[str], message: str) -> None:
    code, output = kedro_run(*options)
    assert code != 0
    assert output.count(message) == 1, output
