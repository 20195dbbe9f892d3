"""new_objects.html in a browser: it opens without a network, and its filters work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crossmost.prediction import render_gallery
from crossmost.rendering import encode_view
from crossmost.shards import Sample, ShardStore, ShardWork
from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

LABELS = ["chair", "table", "chair", "<b>lamp</b>"]
NAMES = (
    """() => [...document.querySelectorAll('article')].filter(card => !card.hidden).map(card => card.dataset.name)"""
)


class _Item:
    def __init__(self, key: str) -> None:
        self.key = self.fingerprint = key


def _views_of(item: _Item) -> Sample:
    view = np.full((32, 32, 3), 200, dtype=np.uint8)
    return Sample(item.key, {f"view{number:02d}.png": encode_view(view) for number in range(4)})


@pytest.fixture
def address(tmp_path: Path) -> str:
    """The page of four objects, the most confident first; image and points disagree on the second."""
    objects = ["o0", "o1", "o2", "o3"]
    work = ShardWork({"views-0": [_Item(key) for key in objects]}, _views_of, "0", "testing", n_jobs=1)
    views: ShardStore = work.write(tmp_path / "views")
    columns: dict[str, Any] = {"object_id": objects, "file": [f"Part {number}.obj" for number in range(4)]}
    columns["agreement"] = [True, False, True, True]
    columns["joint_method"] = ["crossmost"] * 4
    for view in ("joint", "image", "point"):
        columns[f"{view}_label"] = LABELS
        columns[f"{view}_confidence"] = [0.9, 0.8, 0.7, 0.6]
        columns[f"{view}_top5"] = [[label, "other"] for label in LABELS]
        columns[f"{view}_top5_confidence"] = [[0.9, 0.1]] * 4
    columns["point_label"] = ["chair", "bed", "chair", "<b>lamp</b>"]
    quarantine = pd.DataFrame(
        {"object_id": ["bad"], "file": ["bad.obj"], "stage": ["reading"], "reason": ["the file is <empty>"]}
    )
    page = tmp_path / "new_objects.html"
    page.write_text(
        render_gallery(pd.DataFrame(columns), views, quarantine, method="crossmost", most_objects=10), encoding="utf-8"
    )
    return page.as_uri()


def test_it_opens_alone_and_its_filters_work(open_page: Callable[..., Watched], address: str) -> None:
    watched = open_page(address)
    page = watched.page
    assert not watched.errors
    assert [request for request in watched.requests if not request.startswith(("file:", "data:"))] == []
    assert page.evaluate(NAMES) == ["part 0.obj", "part 1.obj", "part 2.obj", "part 3.obj"]
    page.select_option("#label", "chair")
    assert page.evaluate(NAMES) == ["part 0.obj", "part 2.obj"]
    page.select_option("#label", "")
    page.check("#doubtful")
    assert page.evaluate(NAMES) == ["part 1.obj"]
    page.uncheck("#doubtful")
    page.check("#reverse")
    assert page.evaluate(NAMES)[0] == "part 3.obj"
    page.fill("#name", "Part 2")
    assert page.evaluate(NAMES) == ["part 2.obj"]
    watched.picture("new_objects")


def test_names_are_text_and_no_markup(open_page: Callable[..., Watched], address: str) -> None:
    page = open_page(address).page
    assert page.locator("article b").count() == 0
    assert "<b>lamp</b>" in page.inner_text("main")
    assert "the file is <empty>" in page.inner_text("table")


def test_it_fits_a_phone(open_page: Callable[..., Watched], address: str) -> None:
    page = open_page(address, width=360, height=740, dark=True).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
