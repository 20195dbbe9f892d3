"""What a person sees around a run: missing inputs, progress, results and errors in words."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.validation.exceptions import ParameterValidationError
from rich.console import Console

from crossmost.config_loader import params_option
from crossmost.errors import CrossmostError, MissingInputError
from crossmost.parameter_names import did_you_mean
from crossmost.result_table import answer_line, result_table

if TYPE_CHECKING:
    from crossmost.launched_processes import LaunchedProcesses

logger = logging.getLogger(__name__)

_USER_ERRORS = (CrossmostError, ParameterValidationError, MissingConfigException)
_NO_PIPELINE = re.compile(
    "Failed to find the pipeline named '(.*?)'"
)  # Kedro's words: its error has no type of its own
_TRAINING = "params:selftraining"
_COMPOSED_PIPELINES = {"selftrain", "__default__"}
_STAGES_OF_MAIN_JOB = ("ingestion", "rendering", "zeroshot", "selftraining", "evaluation", "reporting")


def user_error(error: BaseException | None) -> BaseException | None:
    """The error a user can act on in the chain of causes of ``error``; None if there is none."""
    while error is not None and not isinstance(error, _USER_ERRORS):
        if isinstance(error, ValueError) and (found := _NO_PIPELINE.match(str(error))):
            name, there_are = found.group(1), [name for name in pipelines if name != "__default__"]
            return CrossmostError(
                f"There is no pipeline `{name}` (there are {', '.join(there_are)}){did_you_mean(name, there_are)}"
            )
        error = error.__cause__
    return error


class ErrorHooks:
    """Shows errors meant for users as a plain message; any other error keeps its stack trace."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Wrap the handler of uncaught exceptions, once."""
        previous = sys.excepthook
        if getattr(previous, "shows_user_errors", False):
            return

        def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            meant_for_user = user_error(error)
            if meant_for_user is None:
                previous(kind, error, trace)
            else:
                print(f"Error: {meant_for_user}", file=sys.stderr)

        show.shows_user_errors = True  # type: ignore[attr-defined]
        sys.excepthook = show


class InputHooks:
    """Says, before anything runs, which input is missing and which command makes it."""

    def __init__(self) -> None:
        self._options = ""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember environment and parameters: the suggested command has them too."""
        environment = f" --env={context.env}" if context.env else ""
        self._options = environment + params_option(context.config_loader.runtime_params)

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Check the free inputs of the run.

        Raises:
            MissingInputError: If an input that the run does not make itself does not exist.
        """
        missing = [name for name in sorted(pipeline.inputs()) if _is_missing(catalog, name)]
        if missing:
            raise MissingInputError(self._explain(missing, catalog))

    def _explain(self, missing: Sequence[str], catalog: CatalogProtocol) -> str:
        """One sentence about the missing inputs that the earliest stage makes."""
        by_stage: dict[str | None, list[str]] = {}
        for name in missing:
            by_stage.setdefault(_producing_stage(name), []).append(name)
        stage = next(stage for stage in (None, *pipelines) if stage in by_stage)
        names = by_stage[stage]
        places = ", ".join(f"{name} ({_location(catalog, name)})" for name in names)
        advice = _advice(catalog, names[0])
        if advice is None and stage is not None:
            advice = f"`kedro run --pipelines={stage}{self._options}` makes it"
            if stage in _STAGES_OF_MAIN_JOB:
                advice += f", `kedro run --pipeline=selftrain{self._options}` everything"
        hint = next(filter(None, (_own_metadata(catalog.get(name)).get("hint") for name in missing)), None)
        if advice and hint:
            advice = f"{advice}; {hint}"
        return f"missing input: {places}" + (f"; {advice}." if advice else ".")


class LauncherHooks:
    """Under torchrun or srun the first process alone runs the pipeline; the others wait until it trains."""

    def __init__(self) -> None:
        self._launched: LaunchedProcesses | None = None

    @hook_impl(trylast=True)  # errors of the meeting should be shown as the other hooks have it
    def after_context_created(self, context: KedroContext) -> None:
        """Meet the other processes; from here only the first one comes back."""
        if not {"TORCHELASTIC_RUN_ID", "SLURM_STEP_ID"} & os.environ.keys():
            return
        # A connection that breaks is told once, in words, and not by every process as a stack of C++.
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
        from crossmost.launched_processes import join_launched  # here, because it imports torch, which is slow

        self._launched = join_launched()

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Check that the run uses what was launched, before hours of preparation.

        Raises:
            CrossmostError: If nothing in it trains, or with other processes.
        """
        if self._launched is None:
            return
        if _TRAINING not in pipeline.inputs():
            raise CrossmostError(
                f"a launcher started {self._launched.size} processes, but only self-training uses more than one, and "
                "this run holds none of it: run it without the launcher"
            )
        engine = catalog.load(_TRAINING).crossmost.engine
        self._launched.require(engine.devices, engine.num_nodes)

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Let the other processes exit."""
        if self._launched is not None:
            self._launched.finish()


class ScratchHooks:
    """Removes what finished trainings left to go on from, once the run has saved all its results."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Not after a run that failed: the next one takes trainings that were finished from there."""
        if _TRAINING in pipeline.inputs():
            from crossmost.selftraining.resume import remove_finished  # here, because it imports torch, which is slow

            remove_finished(catalog.load(_TRAINING).scratch)


class ProgressHooks:
    """One line per finished node: what it made, and how long it and the saving took."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}
        self._saved: dict[str, int] = {}

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Start the node's clock."""
        self._started[node.name] = perf_counter()
        self._saved[node.name] = 0

    @hook_impl
    def after_dataset_saved(self, node: Node) -> None:
        """Say what was made once all is saved: saving a store is where its work is done."""
        self._saved[node.name] += 1
        if self._saved[node.name] == len(node.outputs):
            seconds = perf_counter() - self._started[node.name]
            logger.info("%s → %s (%.1f s)", node.name, ", ".join(node.outputs), seconds)


class ResultHooks:
    """Prints the result table and the place of the report after a run that made them."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Read the results back from the catalog and show them."""
        made = pipeline.all_outputs()
        console = Console()
        if "metrics" in made:
            metrics = catalog.load("metrics")
            if metrics.get("methods"):
                console.print(result_table(metrics))
                from crossmost.evaluation import choose_answer  # here, because it imports torch, which is slow

                share = catalog.load("params:evaluation").least_changed_share
                if (answer := choose_answer(catalog.load("confidence_summary"), share)) is not None:
                    console.print(answer_line(answer.method, answer.changed_share), soft_wrap=True)
        if "report" in made:
            console.print(f"Report: {_location(catalog, 'report')}", soft_wrap=True)


def _is_missing(catalog: CatalogProtocol, name: str) -> bool:
    """Whether a persistent, required input does not exist."""
    if name == "parameters" or name.startswith("params:") or name not in catalog:
        return False
    dataset = catalog.get(name)
    if isinstance(dataset, MemoryDataset) or _own_metadata(dataset).get("optional", False):
        return False
    return not dataset.exists()  # type: ignore[union-attr]


def _producing_stage(name: str) -> str | None:
    """The stage whose pipeline makes a dataset; None for raw data."""
    for stage, pipeline in pipelines.items():
        if stage not in _COMPOSED_PIPELINES and name in pipeline.all_outputs():
            return stage
    return None


def _own_metadata(dataset: Any) -> dict[str, Any]:
    """What the catalog says about a dataset under ``metadata: crossmost:``."""
    return (getattr(dataset, "metadata", None) or {}).get("crossmost", {})


def _advice(catalog: CatalogProtocol, name: str) -> str | None:
    """How to get a dataset, in the catalog's own words."""
    return _own_metadata(catalog.get(name)).get("made_by")


def _location(catalog: CatalogProtocol, name: str) -> str:
    """Path of a dataset, relative to the working directory where it lies inside."""
    dataset = catalog.get(name)
    path = Path(str(getattr(dataset, "_filepath", None) or getattr(dataset, "_path", name)))
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
