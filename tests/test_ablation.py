"""Every row of the ablation is a valid setting that differs from the default."""

import pytest

from benchmarks.ablation import ARITHMETIC, ROWS
from crossmost.errors import CrossmostError
from crossmost.pipelines.selftraining.parameters import SelftrainingParameters
from crossmost.selftraining.settings import ArithmeticSettings
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


def test_every_arithmetic_choice_has_a_row() -> None:
    without = {"contrast_scope", "warmup_start"}  # several processes; the paper's is the default
    assert ARITHMETIC.keys() | without == set(ArithmeticSettings.model_fields)


def test_an_unknown_setting_is_refused(parameters: SelftrainingParameters) -> None:
    with pytest.raises(CrossmostError, match="no_such"):
        with_changes(parameters, {"crossmost.no_such": 1})
