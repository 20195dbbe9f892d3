"""The project as a whole: every environment loads, names agree, labels stay out of training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline
from pydantic import BaseModel

PROJECT = Path(__file__).parents[1]
ENVIRONMENTS = sorted(p.name for p in (PROJECT / "conf").iterdir() if p.is_dir() and p.name != "local")
STAGES = (
    "ingestion", "rendering", "pretraining", "zeroshot", "selftraining", "evaluation", "reporting", "prediction",
    "alignment", "tuning",
)  # fmt: skip
VARIANTS = (
    "crossmost_prediction",
    "zeroshot_prediction",
    "picture_prediction",
)  # other pipelines of a stage, with its parameters
APART = ("pretraining", "prediction", "alignment", "tuning")  # not in the main job
LABEL_READERS = {"evaluation", "reporting"}

SessionFactory = Callable[..., KedroSession]


def _data_names(names: set[str]) -> set[str]:
    return {name for name in names if name != "parameters" and not name.startswith("params:")}


def test_every_package_has_an_init_file() -> None:
    """Import contracts and the test of DVC's code dependencies silently skip a folder without one."""
    folders = {path.parent for path in (PROJECT / "src/crossmost").rglob("*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").is_file()]


def test_registry_holds_every_stage_and_the_main_job() -> None:
    assert set(pipelines) == {*STAGES, *VARIANTS, "selftrain", "__default__"}
    main_job = {node.name for stage in STAGES if stage not in APART for node in pipelines[stage].nodes}
    assert {node.name for node in pipelines["selftrain"].nodes} == main_job
    assert pipelines["__default__"] == pipelines["selftrain"]


@pytest.mark.parametrize("stage", [*STAGES, *VARIANTS])
def test_every_node_explains_itself(stage: str) -> None:
    for node in pipelines[stage].nodes:
        assert node.func.__doc__, node.name
        assert node.namespace == stage and stage in node.tags


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_parameters_of_every_environment_are_valid(environment: str, new_session: SessionFactory) -> None:
    parameters = new_session(environment).load_context().params
    for stage in STAGES:
        assert isinstance(parameters[stage], BaseModel), f"params:{stage} reaches its nodes as a plain dict"


@pytest.mark.parametrize("stage", STAGES)
def test_parameter_models_are_frozen_closed_and_described(stage: str, new_session: SessionFactory) -> None:
    def check(model: type[BaseModel], where: str) -> None:
        assert model.model_config.get("frozen"), f"{where} is not frozen"
        assert model.model_config.get("extra") == "forbid", f"{where} accepts unknown keys"
        for name, field in model.model_fields.items():
            inner_models = _models_in(field.annotation)
            assert field.description or inner_models or name == "kind", f"{where}.{name} has no description"
            for inner in inner_models:
                assert inner.__doc__, f"{inner.__name__} has no description"
                check(inner, f"{where}.{name}")

    check(type(new_session("base").load_context().params[stage]), stage)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_catalog_and_pipelines_name_the_same_datasets(environment: str, new_session: SessionFactory) -> None:
    catalog = new_session(environment).load_context().catalog
    entries = _data_names(set(catalog.keys()))
    for name in entries:
        catalog.get(name)  # its class exists and takes these arguments
    stages = [pipelines[stage] for stage in (*STAGES, *VARIANTS)]
    used = set().union(*(_data_names(stage.datasets()) for stage in stages))
    shared = set().union(*(_data_names(stage.inputs() | stage.outputs()) for stage in stages))
    assert entries <= used, "entries that no pipeline uses"
    assert shared <= entries, "data that passes between pipelines without a place of its own"


def test_every_entry_has_a_layer_of_the_graph() -> None:
    loader = KedroSession.create(PROJECT, env="base", save_on_close=False).load_context().config_loader
    layers = {
        name: entry["metadata"]["kedro-viz"]["layer"]
        for name, entry in loader["catalog"].items()
        if not name.startswith("_")
    }
    assert set(layers.values()) == {"raw", "intermediate", "primary", "models", "model_output", "reporting"}


def test_results_of_other_environments_lie_apart() -> None:
    roots = []
    for environment in ENVIRONMENTS:
        session = KedroSession.create(PROJECT, env=environment, save_on_close=False)
        roots.append(str(session.load_context().config_loader["catalog"]["objects"]["filepath"]))
    assert len(set(roots)) == len(ENVIRONMENTS)


def test_only_evaluation_and_reporting_read_labels() -> None:
    readers = {stage for stage in STAGES if "labels" in pipelines[stage].all_inputs()}
    assert readers <= LABEL_READERS
    assert "evaluation" in readers


def test_the_answer_is_chosen_without_labels() -> None:
    everything = sum((pipelines[stage] for stage in STAGES), Pipeline([]))
    makes = everything.to_outputs("predictions")
    assert "evaluation.measure_confidence" in {node.name for node in makes.nodes}
    assert "labels" not in makes.all_inputs()


def test_source_labels_only_stratify_the_split() -> None:
    """Labels part from the objects in the first node; what else reads them may only tell the splits apart."""
    readers = {node.name for stage in STAGES for node in pipelines[stage].nodes if "source_labels" in node.inputs}
    assert readers == {"ingestion.describe_objects"}


def test_no_model_score_or_view_descends_from_labels() -> None:
    everything = sum((pipelines[stage] for stage in STAGES), Pipeline([]))
    tainted = everything.from_inputs("labels").all_outputs()
    untainted = set().union(*(pipelines[s].all_outputs() for s in STAGES if s not in LABEL_READERS))
    assert not tainted & untainted
