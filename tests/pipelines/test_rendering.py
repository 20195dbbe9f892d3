"""Parameters of the rendering pipeline, and how its nodes fit together."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from crossmost.geometry import CadSettings, ScanSettings
from crossmost.pipelines.rendering import create_pipeline
from crossmost.pipelines.rendering.parameters import RenderingParameters

PARAMETERS = Path(__file__).parents[2] / "conf" / "base" / "parameters_rendering.yml"


def test_the_shipped_parameters_are_the_defaults() -> None:
    values = yaml.safe_load(PARAMETERS.read_text())["rendering"]
    values["seed"], values["cluster"] = 0, None  # come from globals
    parameters = RenderingParameters.model_validate(values)
    assert parameters == RenderingParameters()
    assert isinstance(parameters.clouds, ScanSettings)


def test_cad_clouds_take_their_own_settings() -> None:
    parameters = RenderingParameters.model_validate({"clouds": {"kind": "cad", "n_points": 1024}})
    assert parameters.clouds == CadSettings(n_points=1024)


@pytest.mark.parametrize(
    "values",
    [{"views": {"n_views": 7}}, {"clouds": {"kind": "cad", "noise": 0.1}}, {"n_job": 1}, {"supersampling": 0}],
)
def test_impossible_parameters_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RenderingParameters.model_validate(values)


def test_inputs_and_outputs() -> None:
    pipeline = create_pipeline()
    assert pipeline.inputs() == {"meshes", "params:rendering"}
    assert pipeline.all_outputs() == {"views", "clouds", "render_quarantine"}
