"""The static build of the Kedro-Viz graph, served from this machine only."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Watched
from tests.synthetic_report import run_pipelines
from tests.synthetic_run import make_run

pytestmark = pytest.mark.browser
PROJECT = Path(__file__).parents[2]
# Where the catalog of conf/base looks for what the synthetic run made.
PLACES = {
    "views": "03_primary/views",
    "clouds": "03_primary/clouds",
    "predictions.parquet": "07_model_output/predictions.parquet",
    "accuracy_figure.json": "08_reporting/figures/accuracy.json",
    "sheets": "08_reporting/contact_sheets",
}
PREVIEWS = {
    "predictions": "table",
    "accuracy_figure": ".js-plotly-plot",
    "contact_sheets": "img",
}
STAGES = ("ingestion", "rendering", "zeroshot", "selftraining", "evaluation", "reporting")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a log line each."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Path:
    """The graph of a copy of the project that holds the results of a synthetic run."""
    project = tmp_path_factory.mktemp("project")
    for name in ("conf", "src", "docs"):
        shutil.copytree(PROJECT / name, project / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, project / name)
    outputs = tmp_path_factory.mktemp("outputs")
    run_pipelines(make_run(40), outputs)
    for made, place in PLACES.items():
        (project / "data" / place).parent.mkdir(parents=True, exist_ok=True)
        (outputs / made).rename(project / "data" / place)
    subprocess.run([sys.executable, "docs/static_graph.py"], cwd=project, check=True, capture_output=True)
    return project / "build/graph"


@pytest.fixture(scope="module")
def address(graph: Path) -> Iterator[str]:
    """Where the page is served."""
    handler = functools.partial(QuietHandler, directory=str(graph))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_the_graph_is_drawn_by_stage_and_nothing_leaves_the_machine(
    open_page: Callable[..., Watched], address: str
) -> None:
    watched = open_page(address, width=1500, height=1000)
    watched.page.wait_for_selector(".pipeline-node", timeout=60_000)
    names = {text.strip() for text in watched.page.locator(".pipeline-node__text").all_text_contents()}
    assert set(STAGES) <= names and {"views", "clouds", "report"} <= names
    watched.page.wait_for_load_state("networkidle")
    assert not [url for url in watched.requests if not url.startswith((address, "data:", "blob:"))]
    assert watched.errors == []
    watched.picture("graph")


@pytest.mark.parametrize(("name", "shown"), PREVIEWS.items())
def test_a_click_previews_the_data(
    open_page: Callable[..., Watched], address: str, graph: Path, name: str, shown: str
) -> None:
    nodes = json.loads((graph / "api/main").read_text(encoding="utf-8"))["nodes"]
    (node,) = (node["id"] for node in nodes if node["name"] == name)
    watched = open_page(f"{address}?pid=__default__&sid={node}", width=1500, height=1000)
    watched.page.wait_for_selector(f".pipeline-metadata {shown}", timeout=60_000)
    watched.picture(f"graph_{name}")
    assert watched.errors == []
