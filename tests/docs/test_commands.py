"""Every command of the pages is run in a small copy of the project, or checked word by word; none is passed over."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import torch
import yaml
from dvc.cli import DvcParserError
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.session import KedroSession
from PIL import Image

from crossmost.commands import COMMANDS
from crossmost.errors import CrossmostError
from crossmost.sources.shapes.generator import generate_shape
from tests.docs.checks import CHECKS, ENVIRONMENTS, check, check_parameters, parse, program_of
from tests.docs.pages import PAGES, PROJECT, SHELL, Block, blocks, blocks_of, commands, inline_codes, is_command
from tests.models.checkpoints.published import FILES as CHECKPOINTS
from tests.tiny_run import TINY, merged

BLOCKS = blocks()
SHELL_BLOCKS = [block for block in BLOCKS if block.language in SHELL]
RUNNING = [block for block in SHELL_BLOCKS if block.runs]
STAGES = sorted(path.parent.name for path in (PROJECT / "src/crossmost/pipelines").glob("*/pipeline.py"))
FILES_OF_A_CLONE = (
    "pyproject.toml",
    "Makefile",
    "dvc.yaml",
    "dvc.lock",
    ".dvcignore",
    ".dvc/config",
    ".gitignore",
    ".telemetry",  # says that nothing is sent
    "data/06_models/pretraining_log.csv",
    "data/08_reporting/metrics.json",
)
FIRST = "kedro run --pipeline=selftrain"
"""The command that makes what most others need."""

LOCAL = merged(
    TINY,
    {
        "ingestion": {
            "source": "shapes",
            "sources": {"shapes": {"objects_per_class": 3, "classes": ["chair", "lamp"]}},
        },
        "prediction": {"n_jobs": 1},
        "tuning": {"grid": {"learning_rate": [0.0001, 0.001], "class_prior": ["uniform"]}},
        "alignment": {
            "rendering": {"n_jobs": 1, "views": {"image_size": 64}, "supersampling": 1, "clouds": {"n_points": 256}},
            "training": {"epochs": 1, "batch_size": 2, "n_points": 128},
            "n_jobs": 1,
        },
    },
)
"""Settings that make the main job last seconds; `conf/local` is where users put theirs."""


class CopiedProject:
    """A copy of what a clone holds, with few objects, in which commands run as a reader would type them."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._monkeypatch = monkeypatch
        self._done: set[str] = set()

    def run_page(self, page: str) -> None:
        """Run the commands of a page in their order."""
        for block in RUNNING:
            if block.page == page:
                for command in block.commands:
                    if not block.only_checks(command):
                        self.run(command)

    def run(self, command: str) -> None:
        """Run a command, unless it was run before.

        Our own commands run in this process, since imports would take most of the time; all others in bash.
        """
        if command in self._done:
            return
        variables, words = parse(command)
        with self._monkeypatch.context() as patch:
            patch.chdir(self.root)
            for name, value in variables.items():
                patch.setenv(name, value)
            if words[:2] == ["kedro", "run"]:
                kedro_run.main(words[2:], standalone_mode=False)
            elif words[:3] == ["python", "-m", "crossmost"]:
                COMMANDS[words[3]].main(words[4:], standalone_mode=False)
            else:
                done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], capture_output=True, text=True)
                assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        self._done.add(command)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CopiedProject]:
    """The copy, and in it what the pages call FILE, DIR and names.txt."""
    root = tmp_path_factory.mktemp("copy")
    for folder in ("conf", "src", "data/06_models/mini_encoders", "data/08_reporting/seeds"):
        ignored = shutil.ignore_patterns("local", "__pycache__", "*.egg-info")
        shutil.copytree(PROJECT / folder, root / folder, ignore=ignored)
    for file in FILES_OF_A_CLONE:
        (root / file).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / file, root / file)
    (root / ".venv").symlink_to(sys.prefix)
    # The main job only looks whether there is something: objects are procedural here.
    (root / "data/01_raw/sweethome3d").mkdir(parents=True)
    (root / "data/01_raw/sweethome3d/none.sh3f").touch()
    (root / "conf/local").mkdir()
    (root / "conf/local/parameters.yml").write_text(yaml.safe_dump(LOCAL), encoding="utf-8")

    (root / "DIR").mkdir()
    for number, name in enumerate(("chair", "lamp", "other chair", "other lamp")):
        generate_shape(name.split()[-1], 7_000 + number).mesh.export(root / "DIR" / f"{name}.obj")
        (root / "DIR" / f"{name}.txt").write_text(f"a {name}\n", encoding="utf-8")
    Image.new("RGB", (40, 30), "sienna").save(root / "DIR/photograph.jpg")
    (root / "names.txt").write_text("chair\nlamp\n", encoding="utf-8")
    torch.save(CHECKPOINTS["ulip"](), root / "FILE")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org"]
    for words in (["init", "--quiet"], ["add", "-A"], ["commit", "--quiet", "-m", "copy"]):
        subprocess.run([*git, *words], cwd=root, check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield CopiedProject(root, monkeypatch)


PAGE = """
<!-- test: run; check make, dvc repro -->

```bash
make all  # long
# a comment
.venv/bin/dvc repro --force
dvc status \\
 --quiet
makeup
```

<!-- test: check -->
Words between a comment and a block part them.

    ```sh
    kedro run
    ```
"""


def test_blocks_are_read_with_the_comment_above_them() -> None:
    first, second = blocks_of("page.md", PAGE)
    assert (first.line, first.runs) == (4, True)
    assert first.commands == [
        "make all  # long",
        ".venv/bin/dvc repro --force",
        "dvc status   --quiet",
        "makeup",
    ]
    assert [first.only_checks(command) for command in first.commands] == [True, True, False, False]
    assert (second.language, second.commands, second.annotation, second.runs) == ("sh", ["kedro run"], "", False)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_of_code_says_how_it_is_tested(block: Block) -> None:
    if block.language in {*SHELL, "python"}:
        assert block.annotation, f"{block}: no <!-- test: … --> above it; tests/docs/pages.py explains"
    else:
        shown = [line for line in block.commands if is_command(line.removeprefix("$ "))]
        assert not shown, f"{block}: commands in a block that is not bash: {shown}"
    if block.language == "python":
        assert block.page in (PROJECT / block.annotation).read_text(encoding="utf-8"), f"{block}: is not tested there"
    else:
        assert re.fullmatch(r"|check|run(; check [\w .,-]+)?", block.annotation), f"{block}: {block.annotation}"
    if "; check " in block.annotation:
        assert any(block.only_checks(command) for command in block.commands), f"{block}: an exception that is none"


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=str)
def test_blocks_are_valid_shell(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.code, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("page", "command"), commands(), ids=lambda value: value[:90])
def test_commands_are_right(page: str, command: str) -> None:
    runs = any(command in block.commands and not block.only_checks(command) for block in RUNNING)
    if not runs or program_of(command) in CHECKS:
        check(command)


@pytest.mark.render
@pytest.mark.slow
@pytest.mark.parametrize("page", sorted({block.page for block in RUNNING}))
def test_pages_run(page: str, project: CopiedProject) -> None:
    project.run(FIRST)
    project.run_page(page)


@pytest.mark.render
@pytest.mark.slow
def test_named_files_are_there(project: CopiedProject) -> None:
    """After all commands have run: every path that the pages name and that no placeholder is part of."""
    project.run(FIRST)
    for path in PAGES:
        project.run_page(path.name)
    missing = []
    for page, code in inline_codes():
        if re.fullmatch(r"(?:data|conf|src|docs|tests|notebooks|benchmarks)/[a-z0-9_./-]+", code):
            found = (project.root / code).exists() or (PROJECT / code).exists()
            missing += [] if found else [f"{page}: {code}"]
    assert not missing


def test_links_of_the_readme_lead_somewhere() -> None:
    """Those of the other pages are checked when the site is built."""
    links = re.findall(r"\]\(([^)#\s]+)", (PROJECT / "README.md").read_text(encoding="utf-8"))
    assert links
    assert not [link for link in links if "//" not in link and not (PROJECT / link).exists()]


NAMED_PARAMETERS = sorted(
    {code for _, code in inline_codes() if re.fullmatch(rf"(?:{'|'.join(STAGES)})(?:\.[a-z_0-9]+)+(?:=[\w.-]+)?", code)}
    - {"ingestion.sources.folder.path=DIR"}
)
"""Such as `zeroshot.n_points` or `prediction.up=z`."""


@pytest.mark.parametrize("code", NAMED_PARAMETERS)
def test_named_parameters_exist(code: str) -> None:
    name, _, value = code.partition("=")
    stage, *parts = name.split(".")
    # A parameter of one source is known where that source is.
    environment = next((entry for entry in ("base", *sorted(ENVIRONMENTS)) if has_parameter(entry, stage, parts)), None)
    assert environment, f"no parameter {name}"
    if value:
        nested: Any = yaml.safe_load(value)
        for part in reversed([stage, *parts]):
            nested = {part: nested}
        check_parameters(environment, nested)


def has_parameter(environment: str, stage: str, parts: list[str]) -> bool:
    """Whether a parameter exists in an environment."""
    tree = parameters_of(environment)[stage]
    for part in parts:
        if not isinstance(tree, dict) or part not in tree:
            return False
        tree = tree[part]
    return True


@cache
def parameters_of(environment: str) -> dict[str, Any]:
    """All parameters of an environment as nested dictionaries."""
    session: Any = KedroSession.create(PROJECT, env=environment, save_on_close=False)
    parameters = session.load_context().params
    return {stage: parameters[stage].model_dump() for stage in STAGES if stage in parameters}


REFUSALS = (
    AssertionError,
    click.UsageError,
    DvcParserError,
    CrossmostError,
    OSError,
    ImportError,
    SystemExit,
)
"""Each parser has its own way to refuse."""


@pytest.mark.parametrize(
    "command",
    [
        "kedor run",
        "kedro rnu",
        "kedro run --pipelines=selftrainning",
        "kedro run --pipelines=selftraining --env=modelnet41",
        "kedro run --params zeroshot.n_pionts=3",
        "kedro run --params selftrainning.seed=3",
        "kedro run --params zeroshot.n_points=many",
        "kedro run --params method=papre",
        "kedro run --only-missing",
        "kedro viz show",
        "make selftrian",
        "dvc reprod",
        "dvc repro --one-item",
        "dvc repro zero-shot",
        "python -m crossmost.nothing",
        "python -m benchmarks.accuracy --folds 3",
        "python -m benchmarks.accuracy --seeds zero",
        "python -m crossmost export OUT --points 3",
        "KEDRO_LOGGING_CONFIG=conf/logging_loud.yml kedro run",
        "KEDRO_ENVIRONMENT=shapes kedro run",
        "source .venv/activate",
        "cp a b",
    ],
)
def test_wrong_commands_are_found(command: str) -> None:
    with pytest.raises(REFUSALS):
        check(command)
