"""What people read who misspell a parameter, or give one that the environment does not have."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.validation.type_extractor import TypeExtractor
from omegaconf import OmegaConf

from crossmost.errors import CrossmostError
from crossmost.parameter_names import nearest_names, parameter_names

SessionFactory = Callable[..., KedroSession]
PROJECT = Path(__file__).parents[1]
NAMES = parameter_names(str(PROJECT / "conf"))


def message(new_session: SessionFactory, environment: str, *parameters: str, pipeline: str = "selftrain") -> str:
    """What a run with `--params` says."""
    runtime: Any = OmegaConf.to_container(OmegaConf.from_dotlist(list(parameters)))
    with pytest.raises(CrossmostError) as caught:
        new_session(environment, **runtime).run(pipeline_names=[pipeline])
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("epochs", ["selftraining.crossmost.epochs", "alignment.training.epochs", "pretraining.training.epochs"]),
        ("epoch", ["selftraining.crossmost.epochs"]),
        ("selftraining.epochs", ["selftraining.crossmost.epochs"]),
        ("selftrainig.crossmost.epochs", ["selftraining.crossmost.epochs"]),
        ("sed", ["seed"]),
        ("data_rot", ["data_root"]),
        ("folder.path", ["ingestion.sources.folder.path"]),
        ("rendering.clouds.noise", ["rendering.clouds.scan.noise"]),
        ("xyzzy", []),
    ],
)
def test_the_nearest_name(written: str, meant: list[str]) -> None:
    assert nearest_names(written, NAMES) == meant


def test_names_know_their_environments() -> None:
    assert NAMES["ingestion.sources.folder.path"] == ("folder",)
    assert NAMES["selftraining.crossmost.epochs"] == ("base", "test")
    assert NAMES["seed"] == NAMES["raw_root"] == NAMES["cluster"] == NAMES["method"] == ()


def test_names_that_nothing_reads_are_refused(new_session: SessionFactory) -> None:
    said = message(new_session, "test", "epochs=3", "sed=3", "dataset=x", "selftrainig.crossmost.epochs=3").splitlines()
    assert said[0].startswith("There is no parameter `epochs`; did you mean `selftraining.crossmost.epochs` or ")
    assert said[1] == "There is no parameter `sed`; did you mean `seed`?"
    assert said[2].startswith("There is no parameter `dataset`")
    assert said[3].startswith("There is no parameter `selftrainig.crossmost.epochs`")
    assert len(said) == 4


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        (
            "selftraining.crosmost.epochs=3",
            "`selftraining.crosmost.epochs` is no parameter; did you mean `selftraining.crossmost.epochs`?",
        ),
        ("prediction.surce=x", "`prediction.surce` is no parameter; did you mean `prediction.source`?"),
        ("tuning.xyzzy=1", "`tuning.xyzzy` is no parameter"),
        ("selftraining.crossmost.epochs=many", "`selftraining.crossmost.epochs` is 'many': Input should be a valid"),
        ("alignment.source.kind=x", "`alignment.source.kind` is 'x'; it may be 'folder', "),
    ],
)
def test_parameters_of_stages_that_do_not_run_are_checked_too(
    parameter: str, said: str, new_session: SessionFactory
) -> None:
    found = message(new_session, "shapes", parameter, pipeline="ingestion")
    assert found.startswith(said) and "\n" not in found


def test_a_block_of_a_file_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    (tmp_path / "conf/mine").mkdir()
    (tmp_path / "conf/mine/parameters.yml").write_text("selftrainin:\n  crossmost:\n    epochs: 3\n")
    session = KedroSession.create(PROJECT, env="mine", conf_source=str(tmp_path / "conf"), save_on_close=False)
    with pytest.raises(CrossmostError) as caught:
        session.run(pipeline_names=["zeroshot"])
    assert str(caught.value) == (
        "In parameter files: There is no parameter `selftrainin`; did you mean `selftraining`?"
    )


def test_every_block_of_parameters_has_a_model() -> None:
    """Names below a block without one would go unseen."""
    blocks = {name for name in NAMES if "." not in name and any(other.startswith(f"{name}.") for other in NAMES)}
    assert blocks == set(TypeExtractor(dict(pipelines)).extract_types_from_pipelines())


def test_names_that_conf_reads_are_taken(new_session: SessionFactory) -> None:
    values = {"seed": 3, "cluster": None, "method": "paper", "selftraining": {"crossmost": {"epochs": 3}}}
    assert new_session("test", **values).load_context().params["rendering"].seed == 3


@pytest.mark.parametrize(
    ("environment", "parameter", "said"),
    [
        (
            "folder",
            "ingestion.sources.folder.paht=x",
            "`ingestion.sources.folder.paht` is no parameter; did you mean `ingestion.sources.folder.path`?",
        ),
        (
            "test",
            "rendering.clouds.noise=0",
            "`rendering.clouds.noise` is no parameter; did you mean `rendering.clouds.scan.noise`?",
        ),
        (
            "base",
            "ingestion.sources.folder.path=x",
            "`ingestion.sources.folder` belongs to another environment: add --env=folder",
        ),
        (
            "folder",
            "ingestion.sources.foldr.path=x",
            "`ingestion.sources.foldr` has no `kind`; did you mean `ingestion.sources.folder`?",
        ),
        (
            "folder",
            "ingestion.source.folder.path=x",
            "There is no parameter `ingestion.source.folder.path`; did you mean `ingestion.sources.folder.path`?",
        ),
        ("folder", "ingestion.sources.folder.kind=x", "`ingestion.sources.folder.kind` is 'x'; it may be 'co3d', 'fo"),
        ("folder", "ingestion.sources.folder.up=w", "`ingestion.sources.folder.up` is 'w': Input should be 'x', '-x'"),
        ("test", "selftraining.crossmost.epochs=many", "`selftraining.crossmost.epochs` is 'many': Input should be a"),
        ("test", "rendering.clouds=cad", "`rendering.clouds` is 'cad', but it is a block: `rendering.clouds.kind` or"),
        ("test", "rendering.views.n_views=3", "`rendering.views`: n_views is 3; at least 8 are needed to see an"),
        (
            "test",
            "selftraining.crossmost.image_augmentation.crop_scale=[0.3,x]",
            "`selftraining.crossmost.image_augmentation.crop_scale.1` is 'x': Input should be a valid number",
        ),
    ],
)
def test_what_models_refuse_is_one_line(
    environment: str, parameter: str, said: str, new_session: SessionFactory
) -> None:
    found = message(new_session, environment, parameter)
    assert found.startswith(said) and "\n" not in found and "pydantic" not in found
