"""Figures show the numbers of the tables they are made from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from crossmost.evaluation import (
    accuracy_table,
    calibration_error,
    check_scores,
    confidence_table,
    confusion_table,
    correctness_table,
    metrics_document,
    per_class_table,
    pseudo_label_quality,
    reliability_table,
)
from crossmost.reports import (
    accuracy_figure,
    confusion_figure,
    per_class_figure,
    reliability_figure,
    training_figure,
)
from crossmost.reports.figures import MOST_CONFUSED, wilson_interval
from crossmost.reports.marginal_figures import marginal_figures, pseudo_label_share_figure
from crossmost.reports.names import METHOD_NAMES, VIEW_NAMES
from crossmost.reports.reliability_figures import change_figure
from crossmost.reports.training_figures import class_share_figure, training_panels
from tests.synthetic_run import SyntheticRun, make_run


def evaluated(run: SyntheticRun) -> dict[str, Any]:
    scores = check_scores(run.scores.values(), run.objects, run.class_names)
    correctness = correctness_table(scores, run.labels, run.class_names)
    return {
        "metrics": metrics_document(
            dataset="synthetic",
            seed=0,
            class_names=run.class_names,
            accuracy=accuracy_table(correctness),
            confidence=confidence_table(scores),
        ),
        "per_class": per_class_table(correctness, run.class_names),
        "confusion": confusion_table(scores, run.labels, run.class_names),
        "quality": pseudo_label_quality(run.pseudo_labels.values(), run.labels, run.class_names),
        "reliability": reliability_table(scores, run.labels, run.class_names),
        "log": pd.concat(run.logs.values(), ignore_index=True),
    }


@pytest.mark.parametrize("labeled", [True, False])
def test_accuracy_figure_draws_every_method_view_and_split(labeled: bool) -> None:
    metrics = evaluated(make_run(30, labeled=labeled))["metrics"]
    figure = accuracy_figure(metrics)
    assert len(figure.data) == 4 * 2
    quantity = "top1" if labeled else "confidence"
    for bars, split in zip(figure.data, ["test"] * 4 + ["adapt"] * 4, strict=True):
        method = next(key for key, name in METHOD_NAMES.items() if name == bars.name)
        expected = [100 * metrics["methods"][method][split][view][quantity] for view in VIEW_NAMES]
        assert list(bars.y) == pytest.approx(expected)
        assert (bars.error_y.array is not None) == labeled


def test_wilson_interval_against_its_definition() -> None:
    """Ends of the interval are the shares p whose score test is just passed: |share - p| = z sqrt(p (1 - p) / n)."""
    share, n = np.array([0.2, 0.5, 0.9]), 40
    for end in wilson_interval(share, n):
        np.testing.assert_allclose(np.abs(share - end), 1.959964 * np.sqrt(end * (1 - end) / n), rtol=1e-6)
    low, high = wilson_interval(np.array([0.0, 1.0]), 10)
    assert low[0] == 0 and high[1] == 1 and high[0] > 0.2 and low[1] < 0.8


def test_per_class_figure_sorts_by_gain() -> None:
    per_class = evaluated(make_run(60))["per_class"]
    figure = per_class_figure(per_class, splits=["adapt"])
    before, after = figure.data[-2:]
    gains = np.array(after.x) - np.array(before.x)
    assert (np.diff(gains) >= 0).all()
    rows = per_class[(per_class["split"] == "adapt") & (per_class["view"] == "joint")].set_index(
        ["method", "class_name"]
    )
    for label, x in zip(after.y, after.x, strict=True):
        name = label.rsplit(" (", 1)[0]
        assert x == pytest.approx(100 * rows["top1"]["crossmost"][name])


def test_confusion_figure_shows_row_shares() -> None:
    run = make_run(60)
    figure = confusion_figure(evaluated(run)["confusion"], run.class_names, split="adapt")
    assert len(figure.data) == 2
    for heatmap in figure.data:
        totals = np.asarray(heatmap.z).sum(axis=1)
        assert np.allclose(totals[totals > 0], 100)
        assert np.asarray(heatmap.customdata).sum() == 42


def test_of_many_classes_the_most_confused_are_shown() -> None:
    names = [f"class {number:02d}" for number in range(MOST_CONFUSED + 20)]
    rows = [("crossmost", "test", "joint", name, name, 3) for name in names]
    rows += [("crossmost", "test", "joint", name, names[-1], 1) for name in names[: MOST_CONFUSED - 1]]
    columns = ["method", "split", "view", "true_class", "predicted_class", "count"]
    figure = confusion_figure(pd.DataFrame(rows, columns=columns), names, split="test", methods=["crossmost"])
    (heatmap,) = figure.data
    assert list(heatmap.x) == list(heatmap.y) == [*names[: MOST_CONFUSED - 1], names[-1]]
    assert np.asarray(heatmap.z)[0, 0] == 75 and np.asarray(heatmap.customdata)[0, -1] == 1
    shown = confusion_figure(pd.DataFrame(rows[1:], columns=columns), names[:3], split="test", methods=["crossmost"])
    assert list(shown.data[0].x) == names[:3]


def test_reliability_figure_draws_raw_and_calibrated_with_their_errors() -> None:
    table = evaluated(make_run(60))["reliability"]
    figure = reliability_figure(table, split="test", method="crossmost")
    errors = calibration_error(table)["crossmost", "test"]
    curves = {curve.name: curve for curve in figure.data if curve.name}
    titles = {
        "image": "Images", "image_calibrated": "Images calibrated",
        "point": "Points", "point_calibrated": "Points calibrated", "joint": "Joint",
    }  # fmt: skip
    assert list(curves) == [f"{title}, error {100 * errors[view]:.1f}" for view, title in titles.items()]
    rows = table[(table["split"] == "test") & (table["method"] == "crossmost")]
    for (view, title), curve in zip(titles.items(), curves.values(), strict=True):
        bins = rows[rows["view"] == view].sort_values("bin")
        assert list(curve.x) == pytest.approx(list(100 * bins["confidence"])), title
        is_raw = view in ("image", "point")
        assert curve.line.dash == ("dash" if is_raw else "solid")
        assert (curve.error_y.array is None) == is_raw


def test_training_panels_hold_every_curve() -> None:
    run = make_run(40)
    tables = evaluated(run)
    panels = training_panels(tables["log"], tables["quality"])
    assert [len(panel.curves) for panel in panels.values()] == [2, 9, 4, 4, 4]
    epochs = panels["Objects with a pseudo-label"].curves[0]
    expected = tables["quality"].query("method == 'crossmost' and modality == 'image' and class_name.isna()")
    assert list(epochs.y) == pytest.approx((100 * expected["coverage"]).tolist())
    assert len(training_figure(tables["log"], tables["quality"]).data) == 23


def test_training_panels_leave_out_what_was_not_logged() -> None:
    tables = evaluated(make_run(40, labeled=False))
    log = tables["log"].drop(columns=["cross"]).assign(mim_image=0.0, mim_point=np.nan)
    panels = training_panels(log, tables["quality"])
    assert "Pseudo-labels that are right" not in panels
    assert len(panels["Loss terms, Cross-MoST"].curves) == 6


def test_class_shares_sum_to_one() -> None:
    run = make_run(40)
    figure = class_share_figure(evaluated(run)["quality"], run.class_names)
    for bars in figure.data:
        assert sum(bars.y) == pytest.approx(100)


def test_marginals_are_drawn_against_the_uniform_share() -> None:
    run = make_run(40)
    log = run.logs["crossmost"].copy()
    assert marginal_figures(log, run.class_names) == {}
    shares = [0.8, 0.2, 0.0, 0.0, 0.0]
    log["marginal_image"] = [shares] * len(log)
    figures = marginal_figures(log, run.class_names)
    assert len(figures) == 1
    heat_map = next(iter(figures.values())).data[0]
    assert np.asarray(heat_map.z)[:, 0] == pytest.approx([2, 0, -3, -3, -3])
    assert np.asarray(heat_map.customdata)[:, -1] == pytest.approx([80, 20, 0, 0, 0])


def test_pseudo_label_shares_sum_to_one_in_every_epoch() -> None:
    run = make_run(40)
    heat_map = pseudo_label_share_figure(evaluated(run)["quality"], run.class_names, modality="point").data[0]
    assert np.asarray(heat_map.customdata).sum(axis=0) == pytest.approx([100] * 6, abs=0.05)


MANY = [f"class {number:03d}" for number in range(MOST_CONFUSED + 20)]


def test_of_many_classes_those_are_shown_that_changed_most() -> None:
    labels = pd.DataFrame({"zeroshot_joint_label": MANY, "crossmost_joint_label": [*MANY[:20], MANY[0], *MANY[20:-1]]})
    heat_map = change_figure(labels, MANY, before="zeroshot", after="crossmost").data[0]
    assert list(heat_map.x) == list(heat_map.y) == [MANY[0], *MANY[20 : 20 + MOST_CONFUSED - 1]]
    few = change_figure(labels.head(30), MANY[:30], before="zeroshot", after="crossmost").data[0]
    assert list(few.x) == MANY[:30]


def test_of_many_classes_those_are_shown_that_swallow_others_or_vanish() -> None:
    shares = np.full(len(MANY), 1 / len(MANY))
    shares[[2, -1]] = [5 / len(MANY), 0]
    log = pd.DataFrame({"method": "crossmost", "step": [0, 1], "marginal_point": [shares.tolist()] * 2})
    heat_map = next(iter(marginal_figures(log, MANY).values())).data[0]
    assert len(heat_map.y) == MOST_CONFUSED and {MANY[2], MANY[-1]} < set(heat_map.y)
    row = np.asarray(heat_map.customdata)[list(heat_map.y).index(MANY[2])]
    assert row == pytest.approx([500 / len(MANY)] * 2, abs=0.01)


def test_of_many_classes_those_are_shown_that_most_pseudo_labels_name() -> None:
    counts = np.arange(len(MANY))
    quality = pd.DataFrame(
        {"method": "crossmost", "modality": "image", "epoch": 3, "class_name": MANY, "n": counts, "n_assigned": counts}
    )
    bars, _, true_shares = class_share_figure(quality, MANY).data
    assert list(bars.x) == MANY[20:]
    assert list(bars.y) == pytest.approx(100 * counts[20:] / counts.sum())
    assert list(true_shares.y) == pytest.approx(100 * counts[20:] / counts.sum())


def test_class_names_reach_labels_as_text() -> None:
    run = make_run(40, class_names=["<b>chair</b>", "a&b"])
    figure = confusion_figure(evaluated(run)["confusion"], run.class_names, split="adapt")
    assert figure.data[0].x[0] == "&lt;b&gt;chair&lt;/b&gt;"


def test_figures_survive_json() -> None:
    run = make_run(40)
    tables = evaluated(run)
    for figure in (
        accuracy_figure(tables["metrics"]),
        per_class_figure(tables["per_class"]),
        confusion_figure(tables["confusion"], run.class_names, split="test"),
        reliability_figure(tables["reliability"], split="test", method="crossmost"),
        training_figure(tables["log"], tables["quality"]),
    ):
        assert go.Figure(json.loads(figure.to_json())).data


def test_empty_tables_give_empty_figures() -> None:
    run = make_run(20, labeled=False)
    tables = evaluated(run)
    assert len(per_class_figure(tables["per_class"]).data) == 0
    shares = [np.asarray(h.z).sum() for h in confusion_figure(tables["confusion"], run.class_names, split="test").data]
    assert shares == [0, 0]
