"""Kedro's context of a run, which says in words what is wrong with parameters."""

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.project import pipelines
from kedro.validation.exceptions import ParameterValidationError
from kedro.validation.type_extractor import TypeExtractor
from kedro.validation.utils import resolve_nested_dict_path
from pydantic import BaseModel, ValidationError

from crossmost.errors import CrossmostError
from crossmost.parameter_errors import explain
from crossmost.parameter_names import no_parameter, parameter_names, refuse_unknown


class CrossmostContext(KedroContext):
    """Kedro's, with parameters whose names were looked at."""

    _given_was_checked = False

    @property
    def params(self) -> dict[str, Any]:
        """Kedro's: models by stage.

        Kedro looks at the stages that run. What was given on the command line is looked at whatever it is for, and so
        are the blocks in files: a misspelt name of another stage would do nothing.

        Raises:
            CrossmostError: for a name or a value that no model takes, and for a name that nothing reads.
        """
        given = self.config_loader.runtime_params or {}
        if Path(self._conf_source).is_dir():  # else an archive, of which Kedro alone knows what is in it
            refuse_unknown(given, parameter_names(self._conf_source))
        self._refuse_unknown_blocks(given)
        try:
            params = super().params
        except ParameterValidationError as error:
            if problems := list(self._problems()):
                raise CrossmostError("\n".join(problems)) from error
            raise
        if given and not self._given_was_checked:
            if problems := list(self._problems(given)):
                raise CrossmostError("\n".join(problems))
            self._given_was_checked = True
        return params

    @property
    def _conf_source(self) -> str:
        return str(self.config_loader.conf_source)

    def _refuse_unknown_blocks(self, given: Container[str]) -> None:
        inputs = {name for pipeline in pipelines.values() for name in pipeline.inputs()}
        known = {name.removeprefix("params:").split(".")[0] for name in inputs if name.startswith("params:")}
        unknown = [name for name in self.config_loader["parameters"] if name not in known and name not in given]
        if unknown:
            raise CrossmostError("\n".join(f"In parameter files: {no_parameter(name, known)}" for name in unknown))

    def _problems(self, stages: Container[str] | None = None) -> Iterator[str]:
        """What models say themselves, of these stages or of all: Kedro's error has it as one text."""
        values = self.config_loader["parameters"]
        for name, model in TypeExtractor(dict(pipelines)).extract_types_from_pipelines().items():
            if not (isinstance(model, type) and issubclass(model, BaseModel)):
                continue
            if stages is not None and name.split(".")[0] not in stages:
                continue
            given = resolve_nested_dict_path(values, name)
            try:
                model.model_validate(given)
            except ValidationError as error:
                yield from explain(error, name, given, parameter_names(self._conf_source))
