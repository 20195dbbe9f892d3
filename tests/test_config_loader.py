"""`method=paper` trains as the release does in any environment, below what the environment and the command line say."""

import shlex
import subprocess
import sys
from typing import Any

import pytest
import yaml
from kedro.framework.cli.project import run as kedro_run
from omegaconf import OmegaConf

from crossmost.config_loader import MethodConfigLoader
from crossmost.errors import CrossmostError
from crossmost.settings import CONFIG_LOADER_ARGS
from tests.docs.checks import parse_click
from tests.tiny_run import PROJECT


def selftraining(env: str, **runtime: Any) -> dict[str, Any]:
    loader = MethodConfigLoader(str(PROJECT / "conf"), env=env, runtime_params=runtime, **CONFIG_LOADER_ARGS)
    settings: dict[str, Any] = loader["parameters"]["selftraining"]
    return settings


def test_the_method_and_its_environment_agree() -> None:
    paper = selftraining("paper")
    with_method = selftraining("base", method="paper")
    assert {**with_method, "scratch": None} == {**paper, "scratch": None}
    assert with_method != selftraining("base")
    assert selftraining("base", method="default") == selftraining("base")


def test_what_was_published_for_a_data_set_is_stronger_than_the_method() -> None:
    data_set = yaml.safe_load((PROJECT / "conf/scanobjectnn_bg/method_paper.yml").read_text())["selftraining"]
    found = selftraining("scanobjectnn_bg", method="paper")
    assert found["crossmost"]["pseudo_labels"]["threshold_joint"] == 0.82
    assert found["crossmost"]["pseudo_labels"].items() >= data_set["crossmost"]["pseudo_labels"].items()
    for rule in ("crossmost", "separate"):
        assert selftraining("scanobjectnn_bg")[rule] == selftraining("base")[rule]
    assert found["crossmost"]["arithmetic"] == selftraining("paper")["crossmost"]["arithmetic"]


def test_the_command_line_is_stronger_than_both() -> None:
    found = selftraining("base", method="paper", selftraining={"crossmost": {"teacher_views": 3}})
    assert found["crossmost"]["teacher_views"] == 3
    assert found["crossmost"]["pseudo_labels"]["rule"] == "joint"


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(CrossmostError, match="'papr'; --params method= takes default or paper"):
        selftraining("base", method="papr")


def test_an_unknown_environment_names_those_that_there_are() -> None:
    with pytest.raises(CrossmostError) as caught:
        selftraining("foldre")
    said = str(caught.value)
    assert said.startswith("There is no environment `foldre` (there are base, co3d, folder, ")
    assert said.endswith("); did you mean `folder`?")


def command(env: str, *given: str) -> str:
    """What the report prints, with what was given as `--params`."""
    runtime: Any = OmegaConf.to_container(OmegaConf.from_dotlist(list(given)))
    loader = MethodConfigLoader(str(PROJECT / "conf"), env=env, runtime_params=runtime, **CONFIG_LOADER_ARGS)
    found: str = loader["parameters"]["reporting"]["command"]
    assert loader["parameters"]["reporting"]["command"] == found
    return found


def test_the_report_prints_what_was_given_on_the_command_line() -> None:
    base = "kedro run --pipeline=selftrain"
    assert command("base") == base
    assert command("folder") == f"{base} --env=folder"
    given = ("seed=3", "selftraining.crossmost.epochs=5", "selftraining.crossmost.engine.compile=true", "cluster=null")
    # Names of one block stand together: their order says nothing.
    assert command("base", *given) == f"{base} --params {','.join(given)}"
    assert command("base", "data_root=my results") == f"{base} --params 'data_root=my results'"
    assert command("base", "seed=3", "reporting.command=make x") == "make x"


def test_what_the_report_prints_is_read_back_as_it_was_given() -> None:
    given = ("method=paper", "ingestion.sources.folder.path=my dir/ö", "zeroshot.templates=[a]", "seed=7")
    words = shlex.split(command("folder", *given))
    context = parse_click(kedro_run, words[2:])
    assert context.params["env"] == "folder"
    assert context.params["params"] == OmegaConf.to_container(OmegaConf.from_dotlist(list(given)))


@pytest.mark.slow
def test_an_unknown_method_is_one_line_on_the_terminal() -> None:
    command = [sys.executable, "-m", "kedro", "run", "--pipelines=evaluation", "--params", "method=papr"]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert "Error: There is no method 'papr'" in finished.stderr and "Traceback" not in finished.stderr
