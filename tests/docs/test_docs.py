"""The documentation builds without a warning and fetches nothing; `test_commands.py` is about its commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession

from tests.docs.pages import PAGES, PROJECT


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
            # The keys of the grid are any settings.
            if isinstance(value, dict) and (path, name) != ("tuning", "grid"):
                yield from expected(f"{path}.{name}", value)
            else:
                yield f"{path}.{name}"

    every = new_session("base").load_context().params
    for stage in set(pipelines) & set(every):
        parameters = every[stage]
        wanted = {name for name in expected(stage, parameters.model_dump()) if ".sources." not in name}
        assert wanted <= named, wanted - named
    assert "≥ 0" in text and "Passes over the adaptation set." in text
