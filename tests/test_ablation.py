"""Every row of the ablation is a valid setting that differs from the default."""

from typing import Any

import pytest

from benchmarks.ablation import PAPER, ROWS, SINGLE_CHOICES
from crossmost.errors import CrossmostError
from crossmost.pipelines.selftraining.parameters import SelftrainingParameters
from crossmost.tuning import with_changes
from tests.selftraining.small_run import default_settings


@pytest.fixture(scope="module")
def parameters() -> SelftrainingParameters:
    settings = default_settings()
    baseline = {"pseudo_labels": settings.pseudo_labels, "loss_weights": settings.loss_weights}
    return SelftrainingParameters.model_validate({"scratch": ".", "crossmost": settings, "separate": baseline})


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


def test_an_unknown_setting_is_refused(parameters: SelftrainingParameters) -> None:
    with pytest.raises(CrossmostError, match="no_such"):
        with_changes(parameters, {"crossmost.no_such": 1})
