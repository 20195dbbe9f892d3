"""The report from catalog entries to one offline page, through the datasets of the catalog."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from crossmost.errors import CrossmostError
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from crossmost.pipelines.reporting.nodes import MOST_SHEETS
from crossmost.reports.gallery import choose_objects, read_media
from crossmost.reports.images import cloud_text
from crossmost.reports.provenance import flat_parameters
from crossmost.reports.sheets import sheet_names
from crossmost.reports.summaries import data_quality
from crossmost.shards import Sample, encode_array
from tests.synthetic_report import run_pipelines
from tests.synthetic_run import SyntheticRun, make_run

HOSTILE_ID = "<script>alert(1)</script>"
HOSTILE_CLASS = "</script><img src=x onerror=alert(2)>"


class Resources(HTMLParser):
    """Everything a browser would fetch, and every script element's attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            is_link = tag == "a" and name == "href"
            if name in {"src", "href", "srcset", "data", "poster", "action"} and not is_link:
                self.fetched.append(value or "")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_pipelines(make_run(60), tmp_path_factory.mktemp("labeled"))


@pytest.fixture(scope="module")
def page(outputs: dict[str, Any]) -> str:
    return outputs["report"]


def without_scripts(page: str) -> str:
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)


def test_page_names_every_method_and_section(page: str) -> None:
    text = without_scripts(page)
    for expected in ("Zero-shot", "Separate self-training", "Cross-MoST", "Held-out objects", "Adaptation objects"):
        assert expected in text
    for section in ("results", "classes", "confidence", "map", "objects", "training", "sheets", "data", "provenance"):
        assert f'id="{section}"' in text
    for group in ("Fixed", "Broken", "Still wrong"):
        assert group in text
    assert "the mesh has no faces" in text
    assert "selftraining.mask.ratio" in text and "elsewhere" not in text
    assert "synthetic · 5 classes · seed 3" in text


def test_page_fetches_nothing(page: str) -> None:
    resources = Resources()
    resources.feed(page)
    assert resources.fetched
    assert all(place.startswith("data:") for place in resources.fetched)
    assert "@import" not in page
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style and "url(" not in style.group(1)


def test_page_fits_and_draws_every_figure(page: str) -> None:
    assert len(page.encode()) < 15_000_000
    plots = set(re.findall(r'<div class="plot" id="([\w-]+)"', page))
    data = set(re.findall(r'<script type="application/json" data-plot="([\w-]+)"', page))
    assert plots == data
    sections = Counter(name.rsplit("-", 1)[0] for name in plots)
    assert sections == {"accuracy": 2, "classes": 2, "confusion": 2, "reliability": 2, "map": 2, "training": 7}
    assert page.count('<canvas class="cloud"') == page.count('<article class="card">') > 0


def test_confidence_is_shown_raw_and_calibrated(page: str) -> None:
    for number in (1, 2):
        names = [curve.get("name", "") for curve in figures_in(page)[f"reliability-{number}"]["data"]]
        assert sum("calibrated, error" in name for name in names) == 2 and len(names) == 6
    assert "Dashed: probabilities as stored" in without_scripts(page)


def test_contact_sheets_are_saved_one_per_class(outputs: dict[str, Any], page: str) -> None:
    assert without_scripts(page).count('<img class="sheet"') == 5
    assert "Contact sheet of potted plant" in page


def test_a_report_of_many_classes_shows_a_part_of_them(tmp_path: Path) -> None:
    names = [f"class {number:03d}" for number in range(150)]
    page = run_pipelines(make_run(600, class_names=names), tmp_path)["report"]
    text = without_scripts(page)
    assert text.count('<img class="sheet"') == MOST_SHEETS
    shown = re.search(r"Of (\d+) sheets those of the 60 largest classes", text)
    assert shown is not None and int(shown[1]) == len(list((tmp_path / "sheets").iterdir())) > 130
    assert "Of 150 classes each figure shows 60" in text
    assert len(page) < 10_000_000


def test_stored_views_and_clouds_are_read(tmp_path: Path) -> None:
    run = make_run(6)
    media = read_media(run.views, run.clouds, ["object-0001"], views_per_object=2, most_points=10)
    assert list(media.views) == ["object-0001"] and len(media.views["object-0001"]) == 2
    assert media.view_counts == {f"object-{index:04d}": 3 for index in range(6)}
    broken = [Sample("object-0001", {"view00.png": b"no image"})]
    with pytest.raises(CrossmostError, match=r"object-0001\.view00\.png"):
        read_media(broken, [], ["object-0001"], views_per_object=2, most_points=10)


def test_works_without_labels(tmp_path: Path) -> None:
    page = without_scripts(run_pipelines(make_run(40, labeled=False), tmp_path)["report"])
    assert "Self-training changed the label of" in page
    assert "no labels, so no accuracy can be given" in page
    assert 'id="classes"' not in page and "Fixed" not in page
    for group in ("Changed", "Disputed", "Settled"):
        assert group in page


def test_a_partly_labeled_collection_says_how_many_objects_were_adapted_to(tmp_path: Path) -> None:
    run = make_run(40)
    held_out = set(run.objects.loc[run.objects["split"] == "test", "object_id"])
    run = replace(run, labels=run.labels[run.labels["object_id"].isin(held_out)])
    page = without_scripts(run_pipelines(run, tmp_path)["report"])
    assert f"Adapted to {40 - len(held_out)} objects without reading a label" in page


def test_names_that_mean_nothing_are_said_at_the_top(tmp_path: Path) -> None:
    run = make_run(12)
    assert "do not know" not in run_pipelines(run, tmp_path / "known")["report"]
    card = {"unknown_class_names": ["espresso machine"]}
    page = without_scripts(run_pipelines(run, tmp_path / "unknown", card=card)["report"])
    assert page.index("do not know the names espresso machine") < page.index('id="results"')


def test_unlabeled_report_shows_what_changed(tmp_path: Path) -> None:
    page = run_pipelines(make_run(40, labeled=False), tmp_path)["report"]
    figures = figures_in(page)
    changes = go.Figure(figures["changes-1"]).data[0]
    counts, colored = decoded(changes.customdata), decoded(changes.z)
    assert counts.shape == (5, 5) and counts.sum() == 40
    assert np.trace(colored) == 0 and colored.sum() == 40 - np.trace(counts) > 0
    assert {"changes-2", "changes-3", "changes-4", "map-1", "map-2"} <= set(figures)
    assert not any(name.startswith(("reliability", "classes", "confusion")) for name in figures)


def test_several_seeds_give_a_headline_with_spread(tmp_path: Path, outputs: dict[str, Any]) -> None:
    other = json.loads(json.dumps(outputs["metrics"]))
    other["seed"] = 4
    joint = outputs["metrics"]["methods"]["crossmost"]["test"]["joint"]["top1"]
    other["methods"]["crossmost"]["test"]["joint"]["top1"] = joint - 0.1
    page = run_pipelines(make_run(60), tmp_path, {"seed-4": other})["report"]
    expected = f"{100 * (joint - 0.05):.1f} ± {100 * 0.1 / 2**0.5:.1f} % after"
    assert "Over 2 seeds" in page and expected in page
    assert "seeds 3, 4" in page and {"seeds-1", "seeds-2"} <= set(figures_in(page))


def test_gallery_shows_probabilities_of_both_modalities(page: str) -> None:
    text = without_scripts(page)
    cards = text.count('<article class="card">')
    assert text.count('<i class="before"') == text.count('<i class="after"') == 2 * 4 * cards
    assert text.count('<span class="truth">') == 2 * cards


def test_provenance_prints_hashes_of_data_weights_and_code(page: str) -> None:
    rows = dict(re.findall(r"<tr><td>([^<]+)</td><td><code>([0-9a-f]{16})</code>", page))
    assert set(rows) == {
        "raw objects and split", "views", "point clouds", "zero-shot weights", "adapted weights", "source code",
    }  # fmt: skip
    assert rows["zero-shot weights"] != rows["adapted weights"]


def decoded(values: Any) -> np.ndarray:
    """An array as plotly stores it: base64 of little-endian numbers with a shape."""
    shape = [int(side) for side in values["shape"].split(", ")]
    return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).reshape(shape).astype(np.int64)


def figures_in(page: str) -> dict[str, Any]:
    """Figures of the page by id, as the page's script reads them."""
    found = re.findall(r'<script type="application/json" data-plot="([\w-]+)">(.*?)</script>', page, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


def test_escapes_hostile_names(tmp_path: Path, page: str) -> None:
    run = make_run(40, class_names=["chair", HOSTILE_CLASS])
    # Stores refuse such ids; tables that come from elsewhere may still hold them.
    quarantine = pd.DataFrame({"object_id": [HOSTILE_ID], "stage": ["ingestion"], "reason": [HOSTILE_CLASS]})
    hostile = SyntheticRun(**{**vars(run), "quarantine": quarantine})
    outputs = run_pipelines(hostile, tmp_path)
    hostile_page = outputs["report"]
    assert HOSTILE_ID not in hostile_page and HOSTILE_CLASS not in hostile_page
    assert "&lt;script&gt;alert(1)" in hostile_page
    resources = Resources()
    resources.feed(hostile_page)
    assert all(place.startswith("data:") for place in resources.fetched)
    plain = Resources()
    plain.feed(page)
    assert resources.tags.count("script") == plain.tags.count("script")


def test_sheet_names_are_safe_and_distinct() -> None:
    names = sheet_names(["Potted Plant", "potted_plant", "../../etc", "椅子", "bed"])
    assert list(names.values()) == ["potted_plant", "potted_plant_2", "etc", "class", "bed"]


def test_gallery_groups_are_what_they_say() -> None:
    predictions = pd.DataFrame(
        {
            "object_id": list("abcdef"),
            "zeroshot_joint_label": ["x", "y", "x", "y", "x", "x"],
            "crossmost_joint_label": ["y", "y", "x", "x", "y", "y"],
        }
    )
    labels = pd.DataFrame({"object_id": list("abcde"), "class_name": ["y", "y", "y", "y", "x"]})
    choices = {c.title: c for c in choose_objects(predictions, labels, per_group=9, seed=0)}
    assert {title: choice.object_ids for title, choice in choices.items()} == {
        "Fixed": ["a"],
        "Broken": ["d", "e"],
        "Still wrong": ["c"],
    }
    one = {c.title: c for c in choose_objects(predictions, labels, per_group=1, seed=0)}
    assert one["Broken"].n_total == 2 and len(one["Broken"].object_ids) == 1


def test_cloud_text_round_trips() -> None:
    points = np.random.default_rng(0).normal(size=(100, 6)).astype(np.float32)
    points[3] = np.nan
    decoded = np.frombuffer(base64.b64decode(cloud_text(encode_array(points), 1000)), dtype="<i2").reshape(-1, 3)
    assert len(decoded) == 99 and np.abs(decoded).max() == 32767
    xyz = np.delete(points[:, :3], 3, axis=0).astype(np.float64)
    xyz -= (xyz.min(axis=0) + xyz.max(axis=0)) / 2
    np.testing.assert_allclose(decoded / 32767, xyz / np.abs(xyz).max(), atol=1 / 32767)
    assert cloud_text(encode_array(np.full((2, 3), np.nan)), 10) == ""


def test_data_quality_counts() -> None:
    run = make_run(20)
    labels = run.labels.iloc[2:]
    quarantine = pd.DataFrame(
        {"object_id": ["p", "q", "r"], "stage": "ingestion", "reason": ["no faces", "no faces", "unreadable"]}
    )
    predictions = run.objects[["object_id", "split"]].iloc[:18]
    twice = pd.DataFrame({"object_id": ["s", "s"], "stage": ["views", "clouds"], "reason": "no surface"})
    result = data_quality(run.objects, labels, predictions, quarantine, twice, {"a": 8, "b": 12})
    assert result.n_left_out == 4
    assert (result.n_usable, result.n_unlabeled, result.views_per_object) == (18, 2, "8 to 12")
    assert [(line.reason, line.count) for line in result.quarantine] == [
        ("no faces", 2),
        ("unreadable", 1),
        ("no surface", 1),
        ("no surface", 1),
    ]
    assert sum(row["adapt"] + row["test"] for row in result.class_counts) == 16


def test_flat_parameters_take_models_and_leave_out_loose_entries() -> None:
    parameters = {"reporting": EvaluationParameters(dataset="d", seed=1), "a": {"b": {"c": [1, 2]}}, "root": "/x"}
    flat = flat_parameters(parameters | {"tuning": {"n": 1}}, ("reporting", "a", "root"))
    assert {"a.b.c": "[1, 2]", "reporting.dataset": "d", "reporting.seed": "1"}.items() <= flat.items()
    assert not any(name.startswith(("root", "tuning")) for name in flat)
