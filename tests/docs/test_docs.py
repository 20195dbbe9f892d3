"""The documentation builds without a warning, fetches nothing, and names only commands that exist."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from pydantic import BaseModel

PROJECT = Path(__file__).parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
ENVIRONMENTS = {path.name for path in (PROJECT / "conf").iterdir() if path.is_dir()}
# Options of `kedro run` that the whole catalog or all seeds read, and no single parameter.
RUNTIME = {"seed", "data_root", "raw_root"}
ELSEWHERE = {"source", "cp", "export", "pip", ".venv/bin/pip", "jupyter", "sudo", "apt-get", "git", "ls", "cd"}
"""First words of commands that are not ours."""
DVC_COMMANDS = {"repro", "status", "metrics", "remote", "push", "pull", "dag", "init", "plots", "params", "exp"}
PROGRAMS = ("make", "kedro", "dvc", "python", ".venv/bin/dvc", ".venv/bin/python", ".venv/bin/kedro")


def commands() -> Iterator[tuple[str, str]]:
    """(page, command) of every line of a bash block, and of every inline code that starts with a program of ours."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"^ *```(?:bash|sh|console)\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
        for block in blocks:
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip() and not line.strip().startswith("#"):
                    yield page.name, line.strip()
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        for code in re.findall(r"`([^`\n]+)`", prose):
            if code.split()[0] in PROGRAMS and len(code.split()) > 1:
                yield page.name, code


COMMANDS = sorted(set(commands()))


def words_of(command: str) -> list[str]:
    """The command's words, without its comment and the variables set before it."""
    words = shlex.split(command, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        name, _, value = words.pop(0).partition("=")
        assert name != "KEDRO_LOGGING_CONFIG" or (PROJECT / value).is_file(), f"no such file: {value}"
    return words


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=lambda value: value[:70])
def test_commands_exist(page: str, command: str, new_session: Callable[..., KedroSession]) -> None:
    words = words_of(command)
    program = words[0].removeprefix(".venv/bin/")
    if program == "make":
        targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
        assert {word for word in words[1:] if "=" not in word} <= targets
    elif program == "kedro" and words[1] == "run":
        check_run(words[2:], new_session)
    elif program == "kedro":
        assert words[1:3] in (["viz", "run"], ["viz", "build"], ["viz"])
    elif program == "dvc":
        assert words[1] in DVC_COMMANDS
    elif program == "python":
        found = (PROJECT / words[1]).is_file() or (words[1] == "-m" and importlib.util.find_spec(words[2]) is not None)
        assert found, command
    else:
        assert words[0] in ELSEWHERE, f"{page}: who checks that `{command}` works?"


def check_run(options: list[str], new_session: Callable[..., KedroSession]) -> None:
    """Every pipeline, environment and parameter of a `kedro run` exists."""
    given = dict(option.removeprefix("--").split("=", 1) for option in _joined(options))
    names = given.pop("pipeline", given.pop("pipelines", "__default__"))
    if not names.startswith("<"):
        assert set(names.split(",")) <= set(pipelines)
    environment = given.pop("env", "base")
    if environment.startswith(("<", "…")) or environment.isupper():
        return
    assert environment in ENVIRONMENTS
    parameters = new_session(environment).load_context().params
    for assignment in filter(None, given.pop("params", "").split(",")):
        key = assignment.partition("=")[0]
        if key not in RUNTIME and key != "KEY":
            value: Any = parameters
            for part in key.split("."):
                value = value.model_dump() if isinstance(value, BaseModel) else value
                assert part in value, f"no parameter {key}"
                value = value[part]
    assert not given, f"options nobody checks: {given}"


def _joined(options: list[str]) -> list[str]:
    """`--env shapes` as `--env=shapes`."""
    joined: list[str] = []
    for option in options:
        if option.startswith("--"):
            joined.append(option)
        else:
            joined[-1] += f"={option}"
    return joined


class Fetched(HTMLParser):
    """What a browser would load for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and "stylesheet" not in (values.get("rel") or "") and "icon" not in (values.get("rel") or ""):
            return
        name = "href" if tag == "link" else "src"
        if tag != "a" and values.get(name):
            self.places.append(str(values[name]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=PROJECT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return folder


def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = sorted(site.glob("*.html"))
    assert {page.stem for page in pages} >= {"index", "parameters", *(path.stem for path in PAGES[1:])}
    for page in pages:
        fetched = Fetched()
        fetched.feed(page.read_text(encoding="utf-8"))
        assert fetched.places
        assert not [place for place in fetched.places if "//" in place], page.name


def test_the_reference_holds_every_parameter_with_its_value(
    site: Path, new_session: Callable[..., KedroSession]
) -> None:
    text = (site / "parameters.html").read_text(encoding="utf-8")
    named = set(re.findall(r"<code>([a-z_.]+)</code>", text))

    def expected(path: str, values: Any) -> Iterator[str]:
        for name, value in values.items():
            if isinstance(value, dict):
                yield from expected(f"{path}.{name}", value)
            else:
                yield f"{path}.{name}"

    every = new_session("base").load_context().params
    for stage in set(pipelines) & set(every):
        parameters = every[stage]
        wanted = {name for name in expected(stage, parameters.model_dump()) if ".sources." not in name}
        assert wanted <= named, wanted - named
    assert "≥ 0" in text and "Passes over the adaptation set." in text
