"""Every row of the ablation is a valid setting that differs from the default; rows run, and a table goes on."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import ablation
from benchmarks.ablation import run_row
from benchmarks.ablation_rows import ON_PAPER_LABELS, PAPER, PAPER_LABELS, ROWS, SINGLE_CHOICES
from benchmarks.accuracy import VIEWS, Inputs
from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import Encoders, mini_config
from crossmost.pipelines.selftraining.parameters import SelftrainingParameters
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.tuning import with_changes
from tests.selftraining.small_run import default_settings, quick_settings, random_objects


def both_runs(settings: SelfTrainingSettings) -> SelftrainingParameters:
    baseline = {"pseudo_labels": settings.pseudo_labels, "loss_weights": settings.loss_weights}
    return SelftrainingParameters.model_validate({"scratch": ".", "crossmost": settings, "separate": baseline})


@pytest.fixture(scope="module")
def parameters() -> SelftrainingParameters:
    return both_runs(default_settings())


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    """Objects of noise in two classes, encoders with random weights, one epoch."""
    torch.manual_seed(0)
    encoders = Encoders(mini_config())
    return Inputs(
        collection=random_objects(10),
        duplicate_group=list(range(10)),
        class_name=["lamp", "sofa"] * 5,
        class_names=["lamp", "sofa"],
        encoders=Checkpoint(encoders.state_dict(), encoders.card({})),
        selftraining=both_runs(quick_settings().model_copy(update={"epochs": 1})),
        zeroshot=ZeroshotParameters(templates=("a {}.",), n_points=128, batch_size=4),
    )


def test_a_row_is_run_with_its_change_and_scored(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = []
    trained = ablation.run_seed

    def watched(altered: Inputs, *arguments: Any) -> Any:
        handed.append(altered.selftraining.crossmost)
        return trained(altered, *arguments)

    monkeypatch.setattr(ablation, "run_seed", watched)
    results = run_row(inputs, "without contrast", 0)
    assert [settings.loss_weights.cross for settings in handed] == [0.0]
    assert inputs.selftraining.crossmost.loss_weights.cross > 0
    assert {(result["split"], result["view"]) for result in results} == {
        (split, view) for split in ("adapt", "test") for view in VIEWS
    }
    assert all(0 <= result["top1"] <= 1 and 0 <= result["agreement"] <= 1 for result in results)
    assert {(result["row"], result["seed"], result["method"]) for result in results} == {
        ("without contrast", 0, "crossmost")
    }


def test_an_interrupted_table_goes_on(
    inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run: list[str] = []

    def stand_in(_: Inputs, row: str, seed: int) -> list[dict[str, Any]]:
        run.append(row)
        if run == ["default", "one teacher view"]:
            raise KeyboardInterrupt
        return run_row(inputs, row, seed)

    def table(*options: str) -> list[dict[str, Any]]:
        target = tmp_path / "rows.json"
        monkeypatch.setattr(sys, "argv", ["ablation", "--seeds", "0", "--json", str(target), *options])
        try:
            ablation.main()
        except KeyboardInterrupt:
            capsys.readouterr()
        return list(json.loads(target.read_text()))

    monkeypatch.setattr(ablation, "load_inputs", lambda *_: inputs)
    monkeypatch.setattr(ablation, "run_row", stand_in)
    rows = ["--rows", "default", "one teacher view"]
    interrupted = table(*rows)
    assert {result["row"] for result in interrupted} == {"zero-shot", "default"}
    whole = table(*rows)
    assert run == ["default", "one teacher view", "one teacher view"], "what was done is not done again"
    assert whole[: len(interrupted)] == interrupted
    assert {result["row"] for result in whole} == {"zero-shot", "default", "one teacher view"}
    printed = capsys.readouterr().out
    assert "split adapt" in printed and "split test" in printed and "rank correlation" in printed
    assert table(*rows) == whole and len(run) == 3
    with pytest.raises(SystemExit):
        table(*rows, "--env", "shapes")
    assert "holds results on base" in capsys.readouterr().err
    longer = inputs.selftraining.crossmost.model_copy(update={"epochs": 3})
    changed = replace(inputs, selftraining=both_runs(longer))
    monkeypatch.setattr(ablation, "load_inputs", lambda *_: changed)
    with pytest.raises(SystemExit):
        table(*rows)
    assert "other default(s) or code" in capsys.readouterr().err


@pytest.mark.parametrize("row", sorted(ROWS.keys() - {"default"}))
def test_row_changes_the_default(row: str, parameters: SelftrainingParameters) -> None:
    assert with_changes(parameters, ROWS[row]).crossmost != parameters.crossmost


def test_everything_that_the_paper_does_otherwise_has_a_row(parameters: SelftrainingParameters) -> None:
    default = parameters.model_dump()
    different = set()
    for name, value in PAPER.items():
        here: Any = default
        for part in name.split("."):
            here = here[part]
        if (list(here) if isinstance(here, tuple) else here) != value:
            different.add(name.removeprefix("crossmost."))
    of_several_processes, of_rules = {"arithmetic.contrast_scope"}, {"pseudo_labels.rule"}
    assert {name for names in SINGLE_CHOICES.values() for name in names} == different - of_several_processes - of_rules
    assert ROWS["rule: joint"] == {"crossmost.pseudo_labels.rule": PAPER["crossmost.pseudo_labels.rule"]}


@pytest.mark.parametrize("name", sorted(ON_PAPER_LABELS))
def test_a_technique_alone_changes_the_papers_labels(name: str, parameters: SelftrainingParameters) -> None:
    base = with_changes(parameters, PAPER_LABELS).crossmost
    assert base.pseudo_labels.rule == "joint" and base.teacher_views == 1 and base.adapted_share.image == 1
    assert with_changes(parameters, ROWS[f"paper's labels + {name}"]).crossmost != base


def test_folds_hold_out_every_object_once(inputs: Inputs) -> None:
    folded = replace(inputs, n_folds=5)
    sides = [folded.split(seed) for seed in range(10)]
    for rotation in (sides[:5], sides[5:]):
        held_out = [name for split in rotation for name, side in split.items() if side == "test"]
        assert sorted(held_out) == sorted(inputs.collection.object_ids)
    assert sides[:5] != sides[5:], "the next five seeds draw other folds"


def test_an_unknown_setting_is_refused(parameters: SelftrainingParameters) -> None:
    with pytest.raises(CrossmostError, match="no_such"):
        with_changes(parameters, {"crossmost.no_such": 1})
