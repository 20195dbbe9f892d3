"""Reliability bins against a plain loop, and the calibration error against its definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crossmost.evaluation import calibration_error, check_scores, reliability_table
from tests.synthetic_run import make_run


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    run = make_run(80)
    return reliability_table(
        check_scores(run.scores.values(), run.objects, run.class_names), run.labels, run.class_names
    )


def test_bins_hold_what_a_plain_loop_finds(table: pd.DataFrame) -> None:
    run = make_run(80)
    scores = run.scores["crossmost"]
    truth = run.labels.set_index("object_id")["class_name"]
    found: dict[int, list[tuple[float, bool]]] = {}
    for row in scores[(scores["view"] == "joint") & (scores["split"] == "adapt")].to_dict("records"):
        probabilities = np.asarray(row["probabilities"], dtype=np.float64)
        confidence = probabilities.max()
        right = run.class_names[int(probabilities.argmax())] == truth[row["object_id"]]
        found.setdefault(next(b for b in range(10) if confidence <= (b + 1) / 10), []).append((confidence, right))
    rows = table.query("method == 'crossmost' and split == 'adapt' and view == 'joint'").set_index("bin")
    assert set(rows.index) == set(found)
    for number, members in found.items():
        assert rows["n"][number] == len(members)
        assert rows["confidence"][number] == pytest.approx(np.mean([c for c, _ in members]))
        assert rows["accuracy"][number] == pytest.approx(np.mean([r for _, r in members]))
        assert rows["low"][number] < rows["confidence"][number] <= rows["high"][number]


def test_calibration_error_is_the_weighted_distance(table: pd.DataFrame) -> None:
    errors = calibration_error(table)
    rows = table.query("method == 'zeroshot' and split == 'test' and view == 'image'")
    expected = sum(abs(r["accuracy"] - r["confidence"]) * r["n"] for r in rows.to_dict("records")) / rows["n"].sum()
    assert errors["zeroshot", "test", "image"] == pytest.approx(expected)


def test_without_labels_there_are_no_bins() -> None:
    run = make_run(20, labeled=False)
    scores = check_scores(run.scores.values(), run.objects, run.class_names)
    table = reliability_table(scores, run.labels, run.class_names)
    assert table.empty and {"method", "accuracy", "n"} <= set(table.columns)
    assert calibration_error(table).empty
