"""Parameters of the rendering pipeline, and how its nodes fit together."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from kedro.framework.session import KedroSession
from pydantic import ValidationError

from crossmost.geometry import CadSettings, ScanSettings
from crossmost.pipelines.rendering import create_pipeline
from crossmost.pipelines.rendering.parameters import RenderingParameters

CONF = Path(__file__).parents[2] / "conf"
PARAMETERS = CONF / "base" / "parameters_rendering.yml"
ENVIRONMENTS = sorted(path.name for path in CONF.iterdir() if path.is_dir() and path.name != "local")


def test_the_shipped_parameters_are_the_defaults() -> None:
    values = yaml.safe_load(PARAMETERS.read_text())["rendering"]
    values["seed"], values["cluster"] = 0, None  # come from globals
    parameters = RenderingParameters.model_validate(values)
    assert parameters == RenderingParameters()
    assert parameters.clouds.settings() == ScanSettings()


def test_clouds_of_a_surface_do_not_depend_on_the_sensor() -> None:
    values = {"kind": "cad", "n_points": 1024, "scan": {"noise": 0.1}}
    parameters = RenderingParameters.model_validate({"clouds": values})
    assert parameters.clouds.settings() == CadSettings(n_points=1024)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_another_number_of_points_keeps_the_kind_of_cloud(
    environment: str, new_session: Callable[..., KedroSession]
) -> None:
    def clouds(**runtime: object) -> ScanSettings | CadSettings:
        raw = new_session(environment, **runtime).load_context().config_loader["parameters"]["rendering"]
        settings: ScanSettings | CadSettings = RenderingParameters.model_validate(raw).clouds.settings()
        return settings

    given, more = clouds(), clouds(rendering={"clouds": {"n_points": 4096}})
    assert more == given.model_copy(update={"n_points": 4096})
    other = "scan" if given.kind == "cad" else "cad"
    assert clouds(rendering={"clouds": {"kind": other}}).n_points == given.n_points


@pytest.mark.parametrize(
    "values",
    [
        {"views": {"n_views": 7}},
        {"clouds": {"noise": 0.1}},
        {"clouds": {"kind": "lidar"}},
        {"clouds": {"scan": {"elevation": [30, 10]}}},
        {"n_job": 1},
        {"supersampling": 0},
    ],
)
def test_impossible_parameters_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RenderingParameters.model_validate(values)


def test_inputs_and_outputs() -> None:
    pipeline = create_pipeline()
    assert pipeline.inputs() == {"meshes", "params:rendering"}
    assert pipeline.all_outputs() == {"views", "clouds", "render_quarantine"}
