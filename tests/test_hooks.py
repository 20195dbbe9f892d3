"""What people read around a run: missing inputs, errors and the result table."""

import re
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from rich.console import Console

from crossmost.errors import MissingInputError, UnreadableObjectError
from crossmost.hooks import ErrorHooks, ResultHooks, ScratchHooks, user_error
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from crossmost.result_table import result_table
from crossmost.settings import HOOKS

SessionFactory = Callable[..., KedroSession]


def _wrapped(cause: BaseException) -> DatasetError:
    """The error Kedro makes of one that a dataset raised."""
    try:
        raise DatasetError("Failed while saving data to dataset") from cause
    except DatasetError as error:
        return error


def test_an_error_for_the_user_is_found_behind_kedros_own() -> None:
    cause = UnreadableObjectError("chair_3: no faces")
    assert user_error(_wrapped(cause)) is cause
    assert user_error(_wrapped(ValueError("bug"))) is None


@pytest.fixture
def shown_errors(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Errors that reach the handler which was there before the project's hook."""
    passed_on: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: passed_on.append(error))
    context: Any = SimpleNamespace()
    ErrorHooks().after_context_created(context)
    ErrorHooks().after_context_created(context)
    return passed_on


def test_user_errors_are_printed_as_one_line(
    shown_errors: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    error = _wrapped(UnreadableObjectError("chair_3: no faces"))
    sys.excepthook(type(error), error, None)
    assert capsys.readouterr().err == "Error: chair_3: no faces\n"
    assert shown_errors == []


def test_other_errors_keep_their_stack_trace(
    shown_errors: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    bug = ValueError("bug")
    sys.excepthook(type(bug), bug, None)
    assert shown_errors == [bug]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("stage", "maker", "more"),
    [
        ("rendering", "ingestion", ""),
        ("zeroshot", "ingestion", ""),
        ("evaluation", "ingestion", ""),
        ("tuning", "ingestion", ""),
        ("prediction", "zeroshot", "; a model that was adapted in another"),
        ("crossmost_prediction", "selftraining", "; a model that was adapted in another"),
    ],
)
def test_a_stage_without_its_inputs_names_the_commands_that_make_them(
    stage: str, maker: str, more: str, new_session: SessionFactory
) -> None:
    with pytest.raises(MissingInputError, match="missing input: ") as caught:
        new_session("test").run(pipeline_names=[stage])
    options = r"--env=test --params data_root=\S+"
    makes_it = f"`kedro run --pipelines={maker} {options}` makes it"
    makes_all = f"`kedro run --pipeline=selftrain {options}` everything"
    assert re.search(f"{makes_it}, {makes_all}{re.escape(more)}", str(caught.value))
    assert "\n" not in str(caught.value)


def test_the_command_that_makes_an_input_has_the_parameters_of_the_run(new_session: SessionFactory) -> None:
    session = new_session("test", rendering={"views": {"image_size": 64}}, seed=3)
    with pytest.raises(MissingInputError) as caught:
        session.run(pipeline_names=["rendering"])
    options = r"--env=test --params \S*rendering\.views\.image_size=64,seed=3\S*"
    assert re.search(f"`kedro run --pipelines=ingestion {options}` makes it", str(caught.value))


def test_missing_raw_data_names_make_data_and_the_environment_that_needs_none(
    tmp_path: Path, new_session: SessionFactory
) -> None:
    session = new_session("base", raw_root=str(tmp_path / "nothing"))
    with pytest.raises(MissingInputError, match=r"make data.*--env=shapes") as caught:
        session.run(pipeline_names=["ingestion"])
    assert "\n" not in str(caught.value)


def test_what_finished_trainings_left_goes_when_all_results_are_saved(
    tmp_path: Path, new_session: SessionFactory
) -> None:
    """A run that fails later never comes here: the next one finds its trainings finished."""
    finished, stopped = tmp_path / "aa.finished.pt", tmp_path / "bb.pt"
    for path in (finished, stopped):
        path.touch()
    catalog = new_session("test", selftraining={"scratch": str(tmp_path)}).load_context().catalog
    ScratchHooks().after_pipeline_run(pipelines["evaluation"], catalog)
    assert finished.exists()
    ScratchHooks().after_pipeline_run(pipelines["selftraining"], catalog)
    assert not finished.exists() and stopped.exists()
    assert any(isinstance(hook, ScratchHooks) for hook in HOOKS)


def test_a_wrong_pipeline_names_those_that_there_are(new_session: SessionFactory) -> None:
    with pytest.raises(ValueError) as caught:
        new_session("test").run(pipeline_names=["ingestin"])
    said = str(user_error(caught.value))
    assert said.startswith("There is no pipeline `ingestin` (there are ingestion, rendering, ")
    assert said.endswith("selftrain); did you mean `ingestion`?")
    assert user_error(ValueError("Failed to find the file")) is None


def _metrics() -> dict[str, Any]:
    def views(top1: float) -> dict[str, Any]:
        return {view: {"top1": top1, "mean_class": top1} for view in ("image_single", "image", "point", "joint")}

    methods = {"zeroshot": {"adapt": views(0.5), "test": views(0.25)}, "crossmost": {"adapt": views(0.75)}}
    return {"dataset": "chairs", "n_classes": 3, "n_adapt": 70, "n_test": 30, "seed": 0, "methods": methods}


def _lines(metrics: dict[str, Any]) -> list[str]:
    output = StringIO()
    Console(width=80, file=output).print(result_table(metrics))
    return [" ".join(line.split()) for line in output.getvalue().splitlines()]


def test_the_result_table_shows_percentages_and_gains_in_80_columns() -> None:
    lines = _lines(_metrics())
    assert "objects method one view all views points joint" in lines
    assert "adapt 70 zero-shot 50.0 50.0 50.0 50.0" in lines
    assert "Cross-MoST 75.0 +25.0 75.0 +25.0 75.0 +25.0 75.0 +25.0" in lines
    assert "test 30 zero-shot 25.0 25.0 25.0 25.0" in lines
    assert "second number: gain over zero-shot" in lines


def test_the_result_table_calls_the_baseline_as_the_documentation_does() -> None:
    metrics = _metrics()
    metrics["methods"]["selftrain_separate"] = metrics["methods"]["transductive"] = metrics["methods"]["crossmost"]
    lines = _lines(metrics)
    assert any(line.startswith("separate 75.0") for line in lines)
    assert any(line.startswith("transductive 75.0") for line in lines)


def test_the_result_table_leaves_out_what_was_not_evaluated() -> None:
    metrics = _metrics()
    del metrics["methods"]["zeroshot"]["test"]
    del metrics["methods"]["crossmost"]["adapt"]["image"]
    lines = _lines(metrics)
    assert not any(line.startswith("test") for line in lines)
    assert "Cross-MoST 75.0 +25.0 75.0 +25.0 75.0 +25.0" in lines


@pytest.mark.parametrize(("changed", "whose"), [(0.05, "zero-shot"), (0.2, "Cross-MoST")])
def test_the_answer_stands_below_the_result_table(
    changed: float, whose: str, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"method": "crossmost", "split": "adapt", "view": "joint", "changed": changed}
    given = {
        "metrics": _metrics(),
        "confidence_summary": pd.DataFrame([row]),
        "params:evaluation": EvaluationParameters(dataset="chairs", seed=0),
    }
    catalog = DataCatalog({name: MemoryDataset(value) for name, value in given.items()})
    ResultHooks().after_pipeline_run(pipelines["evaluation"], catalog)
    said = capsys.readouterr().out
    assert (
        f"Answer for pictures and clouds together: joint, {whose} (self-training changed {100 * changed:.1f} %" in said
    )


def test_without_labels_the_result_table_shows_confidence_and_says_so() -> None:
    metrics = _metrics()
    for method in metrics["methods"].values():
        for split in method.values():
            for view, values in split.items():
                split[view] = {"confidence": values["top1"]}
    lines = _lines(metrics)
    assert any("No labels; mean confidence (%), which is not accuracy" in line for line in lines)
    assert "Cross-MoST 75.0 +25.0 75.0 +25.0 75.0 +25.0 75.0 +25.0" in lines
