"""Is a command right? Looks at everything in it but does not do what it says."""

from __future__ import annotations

import contextlib
import io
import logging.config
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import click
import dvc.cli
import yaml
from distributed.cli import dask_scheduler, dask_worker
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro_viz.launchers.cli.main import viz_cli
from packaging.requirements import Requirement
from torch.distributed.run import parse_args as torchrun_options

from crossmost.commands import COMMANDS
from tests.docs.pages import PROJECT

ENVIRONMENTS = {path.name for path in (PROJECT / "conf").iterdir() if path.is_dir()}


def parse(command: str) -> tuple[dict[str, str], list[str]]:
    """Variables set for a command, and its words without its comment."""
    words = shlex.split(command, comments=True)
    variables: dict[str, str] = {}
    while words and (match := re.fullmatch(r"([A-Z_]+)=(.*)", words[0])):
        variables[match[1]] = match[2]
        words.pop(0)
    return variables, words


def program_of(command: str) -> str:
    """The program that a command starts, without its folder."""
    return parse(command)[1][0].removeprefix(".venv/bin/")


def check(command: str) -> None:
    """Fail unless every program, option, pipeline, environment, parameter with its value and file in it exists."""
    variables, words = parse(command)
    for name, value in variables.items():
        check_variable(name, value)
    program = program_of(command)
    assert program in CHECKS, f"nobody can tell whether `{command}` is right; known: {', '.join(CHECKS)}"
    CHECKS[program](words[1:])


def check_variable(name: str, value: str) -> None:
    """A variable that is ours, with a value that exists."""
    if name == "KEDRO_LOGGING_CONFIG":
        settings = yaml.safe_load((PROJECT / value).read_text(encoding="utf-8"))
        # Configures nothing: only builds what reads the settings, which refuses unknown versions and forms.
        assert logging.config.DictConfigurator(settings).config["version"] == 1
    else:
        assert name == "KEDRO_ENV", f"no such variable: {name}"
        assert value in ENVIRONMENTS


def check_make(words: list[str]) -> None:
    """Make itself says whether it could do it."""
    done = subprocess.run(["make", "--dry-run", *words], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def check_kedro(words: list[str]) -> None:
    """`kedro run` by its own parser and by the models of the parameters; `kedro viz` by its parser."""
    if words[0] == "viz":
        parse_click(viz_cli, words)
        return
    assert words[0] == "run", f"unknown command: kedro {words[0]}"
    options = parse_click(kedro_run, words[1:]).params
    named = options.pop("pipelines") or [options.pop("pipeline") or "__default__"]
    assert set(named) <= set(pipelines), f"unknown pipeline in {named}"
    environment = options.pop("env") or "base"
    if environment == "ENVIRONMENT":  # stands for any
        return
    assert environment in ENVIRONMENTS, f"unknown environment {environment}"
    check_parameters(environment, options.pop("params"))


def check_parameters(environment: str, runtime: dict[str, Any]) -> None:
    """Parameters exist and accept these values."""
    known = {*pipelines, *runtime_names()}
    assert set(runtime) <= known, f"unknown parameter: {set(runtime) - known}"
    session: Any = KedroSession.create(PROJECT, env=environment, runtime_params=runtime, save_on_close=False)
    # The models refuse a name or value that they do not know.
    assert session.load_context().params


def runtime_names() -> set[str]:
    """Values that `--params` may set and that belong to no stage, such as `seed`; `method` is the loader's own."""
    texts = [path.read_text(encoding="utf-8") for path in (PROJECT / "conf").rglob("*.yml")]
    return {"method"} | {name for text in texts for name in re.findall(r"runtime_params:(\w+)", text)}


def check_dvc(words: list[str]) -> None:
    """DVC's own parser, and names of stages."""
    arguments = dvc.cli.parse_args(words)
    if arguments.cmd == "repro":
        stages = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
        assert set(arguments.targets) <= set(stages)


def check_python(words: list[str]) -> None:
    """A module that explains itself, with the options it explains."""
    assert words[0] == "-m", "modules only: they run from anywhere"
    module, arguments = words[1], words[2:]
    if module == "crossmost":
        parse_click(COMMANDS[arguments[0]], arguments[1:])
        return
    text = help_of(module, arguments)
    for option in [word for word in arguments if word.startswith("-")]:
        assert re.search(rf"{option}\b", text), f"python -m {module} has no {option}"


def help_of(module: str, arguments: list[str]) -> str:
    """What a module prints for the arguments and `--help`; values before that are checked by its parser."""
    printed = io.StringIO()
    before = sys.argv
    sys.argv = [module, *arguments, "--help"]
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_module(module, run_name="__main__")
        raise AssertionError(f"python -m {module} has no --help")
    except SystemExit as end:
        assert not end.code, f"python -m {module} refuses {arguments}"
    finally:
        sys.argv = before
    return printed.getvalue()


def check_pip(words: list[str]) -> None:
    """`pip install NAME`: only the form, since installing needs a network."""
    assert words[0] == "install"
    for requirement in words[1:]:
        Requirement(requirement)


def check_source(words: list[str]) -> None:
    """`source .venv/bin/activate`: the place where the Makefile makes the environment."""
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (folder,) = re.findall(r"^VENV := (\S+)$", makefile, re.MULTILINE)
    assert words == [f"{folder}/bin/activate"]


def check_export(words: list[str]) -> None:
    """`export NAME=VALUE`."""
    for word in words:
        check_variable(*word.split("=", 1))


def check_dask(words: list[str]) -> None:
    """`dask scheduler` and `dask worker` with options that they have."""
    commands = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}
    parse_click(commands[words[0]], words[1:])


def check_torchrun(words: list[str]) -> None:
    """`torchrun OPTIONS -m kedro …` by its own parser, and what it starts."""
    options = torchrun_options(words)
    assert options.module, "modules only: they run from anywhere"
    assert options.training_script == "kedro"
    check_kedro(options.training_script_args)


def check_srun(words: list[str]) -> None:
    """`srun COMMAND`, with the one option that the pages explain."""
    while words[0].startswith("-"):
        assert words.pop(0) == "--kill-on-bad-exit=1"
    check(shlex.join(words))


CHECKS: dict[str, Callable[[list[str]], None]] = {
    "make": check_make,
    "kedro": check_kedro,
    "dvc": check_dvc,
    "python": check_python,
    "pip": check_pip,
    "source": check_source,
    "export": check_export,
    "dask": check_dask,
    "torchrun": check_torchrun,
    "srun": check_srun,
}
"""Programs that pages may name. `cp` and others belong into blocks that run."""


def parse_click(command: click.Command, words: list[str]) -> click.Context:
    """The context of the innermost command; a click error says what is wrong with the words."""
    context = command.make_context(command.name, list(words), resilient_parsing=False)
    while isinstance(context.command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, inner, rest = context.command.resolve_command(context, rest)
        assert inner is not None
        context = inner.make_context(name, rest, parent=context)
    return context
