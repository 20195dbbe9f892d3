"""`method=paper` trains as the release does in any environment, below what the environment and the command line say."""

import subprocess
import sys
from typing import Any

import pytest
import yaml

from crossmost.config_loader import MethodConfigLoader
from crossmost.errors import CrossmostError
from crossmost.settings import CONFIG_LOADER_ARGS
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


def test_the_environment_is_stronger_than_the_method() -> None:
    data_set = yaml.safe_load((PROJECT / "conf/scanobjectnn_bg/parameters.yml").read_text())["selftraining"]
    found = selftraining("scanobjectnn_bg", method="paper")
    assert found["crossmost"]["pseudo_labels"]["threshold_joint"] == 0.82
    assert found["crossmost"]["pseudo_labels"].items() >= data_set["crossmost"]["pseudo_labels"].items()
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


@pytest.mark.slow
def test_an_unknown_method_is_one_line_on_the_terminal() -> None:
    command = [sys.executable, "-m", "kedro", "run", "--pipelines=evaluation", "--params", "method=papr"]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert "Error: There is no method 'papr'" in finished.stderr and "Traceback" not in finished.stderr
