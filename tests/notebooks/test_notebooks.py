"""The notebooks run from top to bottom on a small collection, made once; they are stored without outputs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

PROJECT = Path(__file__).parents[2]
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_without_outputs_and_opened_with_the_catalog(notebook: Path) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    assert cells[0].source == "%load_ext kedro.ipython"
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert any("catalog.load(" in cell.source for cell in code)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the results of the `test` environment."""
    root = tmp_path_factory.mktemp("project")
    for name in ("conf", "notebooks", "src"):
        shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(PROJECT / "pyproject.toml", root)
    bootstrap_project(root)
    try:
        for stage in ("pretraining", "selftrain"):
            session = KedroSession.create(root, env="test", save_on_close=False)
            session.run(pipeline_names=[stage])
    finally:
        configure_project("crossmost")
    return root


@pytest.mark.slow
@pytest.mark.render
def test_every_notebook_runs_and_a_failing_one_is_seen(project: Path) -> None:
    broken = nbformat.read(NOTEBOOKS[0], as_version=4)
    broken.cells = [broken.cells[0], nbformat.v4.new_code_cell("catalog.load('nothing')")]
    nbformat.write(broken, project / "broken.ipynb")
    # Kedro's default log settings swallow the errors that nbmake looks for; the project's do not.
    settings = {"KEDRO_ENV": "test", "KEDRO_LOGGING_CONFIG": str(project / "conf/logging.yml")}
    command = [sys.executable, "-m", "pytest", "--nbmake", "--nbmake-timeout=300", "-q", "-p", "no:cacheprovider"]
    names = ["broken.ipynb", *(f"notebooks/{path.name}" for path in NOTEBOOKS)]
    result = subprocess.run(
        [*command, *names], cwd=project, env=os.environ | settings, capture_output=True, text=True, check=False
    )
    assert re.findall(r"FAILED (\S+?)::", result.stdout) == ["broken.ipynb"], result.stdout
    assert f"1 failed, {len(NOTEBOOKS)} passed" in result.stdout
