"""Accuracies against slow, literal references."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmost.errors import CrossmostError
from crossmost.evaluation import (
    Answer,
    MethodScores,
    accuracy_table,
    answer_from_scores,
    check_scores,
    choose_answer,
    confidence_table,
    confusion_table,
    correctness_table,
    gains_table,
    metrics_document,
    per_class_table,
    predictions_table,
)
from crossmost.evaluation.metrics import paired_interval
from crossmost.evaluation.scores import SPLITS
from crossmost.scores import VIEWS
from crossmost.tables import PREDICTIONS, check_table
from tests.small_scores import make_scores
from tests.synthetic_run import SyntheticRun, make_run


def checked(run: SyntheticRun) -> MethodScores:
    return check_scores(run.scores.values(), run.objects, run.class_names)


def by_key(table: pd.DataFrame) -> dict[Any, dict[Hashable, Any]]:
    """(method, split, view) -> row."""
    return {(row["method"], row["split"], row["view"]): row for row in table.to_dict("records")}


def reference_accuracy(run: SyntheticRun, method: str, split: str, view: str) -> tuple[float, float]:
    """Top-1 and mean per-class accuracy, one view index at a time, then the mean over views; plain loops."""
    truth = dict(zip(run.labels["object_id"], run.labels["class_name"], strict=True))
    scores = run.scores[method]
    top1s, mean_classes = [], []
    for number in (row for row, name in enumerate(scores.view_names()) if name == view):
        hits: dict[str, list[bool]] = {}
        for object_id, side, rows in zip(scores.object_ids, scores.splits, scores.probabilities, strict=True):
            if object_id in truth and side == split:
                guess = run.class_names[int(np.argmax(rows[number]))]
                hits.setdefault(truth[object_id], []).append(guess == truth[object_id])
        every_hit = [hit for of_class in hits.values() for hit in of_class]
        top1s.append(sum(every_hit) / len(every_hit))
        mean_classes.append(sum(sum(h) / len(h) for h in hits.values()) / len(hits))
    return sum(top1s) / len(top1s), sum(mean_classes) / len(mean_classes)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), n_objects=st.integers(4, 40), drop=st.integers(0, 3))
def test_accuracy_equals_literal_reference(seed: int, n_objects: int, drop: int) -> None:
    run = make_run(n_objects, seed=seed)
    run = SyntheticRun(**{**vars(run), "labels": run.labels.iloc[: max(len(run.labels) - drop, 1)]})
    accuracy = accuracy_table(correctness_table(checked(run), run.labels, run.class_names))
    assert len(accuracy) % (len(run.scores) * len(VIEWS)) == 0
    for row in accuracy.to_dict("records"):
        expected = reference_accuracy(run, row["method"], row["split"], row["view"])
        assert (row["top1"], row["mean_class"]) == pytest.approx(expected)


def test_metrics_document_has_the_documented_shape() -> None:
    run = make_run(20)
    scores = checked(run)
    document = metrics_document(
        dataset="synthetic",
        seed=7,
        class_names=run.class_names,
        accuracy=accuracy_table(correctness_table(scores, run.labels, run.class_names)),
        confidence=confidence_table(scores),
    )
    assert list(document) == ["dataset", "n_classes", "n_adapt", "n_test", "seed", "methods"]
    assert {key: document[key] for key in list(document)[:5]} == {
        "dataset": "synthetic", "n_classes": 5, "n_adapt": 14, "n_test": 6, "seed": 7,
    }  # fmt: skip
    assert set(document["methods"]) == {"zeroshot", "transductive", "selftrain_separate", "crossmost"}
    for by_split in document["methods"].values():
        assert set(by_split) == set(SPLITS)
        for by_view in by_split.values():
            assert set(by_view) == set(VIEWS)
            for values in by_view.values():
                assert list(values) == ["top1", "mean_class"]
                assert all(0 <= v <= 1 and round(v, 4) == v for v in values.values())


def test_without_labels_there_is_confidence_and_no_accuracy(caplog: pytest.LogCaptureFixture) -> None:
    run = make_run(20, labeled=False)
    scores = checked(run)
    correctness = correctness_table(scores, run.labels, run.class_names)
    assert correctness.empty and not caplog.records
    assert per_class_table(correctness, run.class_names).empty
    assert gains_table(correctness).empty
    assert confusion_table(scores, run.labels, run.class_names).empty
    document = metrics_document(
        dataset="synthetic",
        seed=0,
        class_names=run.class_names,
        accuracy=accuracy_table(correctness),
        confidence=confidence_table(scores),
    )
    assert (document["n_adapt"], document["n_test"]) == (14, 6)
    assert set(document["methods"]["crossmost"]["test"]["image"]) == {"confidence"}
    assert set(document["methods"]["crossmost"]["test"]["joint"]) == {"confidence", "agreement"}


def test_single_views_count_one_by_one() -> None:
    """Of one object a quarter of the views is right, of the other all, and these are what its class has."""
    right, wrong = [0.9, 0.1], [0.1, 0.9]
    said = make_scores(
        {"a": "test", "b": "test"},
        [wrong, right],
        point=[right, right],
        single=[[right, wrong, wrong, wrong], [wrong, wrong, wrong, wrong]],
    )
    objects = pd.DataFrame({"object_id": ["a", "b"], "split": "test"})
    labels = pd.DataFrame({"object_id": ["a", "b"], "class_name": ["chair", "table"]})
    correctness = correctness_table(check_scores([said], objects, ["chair", "table"]), labels, ["chair", "table"])
    assert correctness.query("view == 'image_single'")["correct"].tolist() == [0.25, 1]
    accuracy = accuracy_table(correctness).set_index("view")
    assert accuracy.loc["image_single", "top1"] == pytest.approx((0.25 + 1) / 2)
    assert accuracy.loc["image", "top1"] == 0
    assert accuracy.loc["point", "top1"] == 0.5


def test_unlabeled_objects_are_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    run = make_run(20)
    labels = run.labels.copy()
    labels.loc[:2, "class_name"] = None
    correctness = correctness_table(checked(run), labels, run.class_names)
    assert correctness["object_id"].nunique() == 17
    assert "3 of 20 scored objects have no label" in caplog.text


def test_per_class_and_confusion_agree_with_accuracy() -> None:
    run = make_run(50)
    scores = checked(run)
    correctness = correctness_table(scores, run.labels, run.class_names)
    accuracy = by_key(accuracy_table(correctness))
    per_class = per_class_table(correctness, run.class_names)
    confusion = confusion_table(scores, run.labels, run.class_names)
    for key, group in confusion.groupby(["method", "split", "view"]):
        matrix = group.pivot(index="true_class", columns="predicted_class", values="count")
        diagonal = np.trace(matrix.loc[run.class_names, run.class_names].to_numpy())
        assert diagonal / group["count"].sum() == pytest.approx(accuracy[key]["top1"])
        classes = per_class[[tuple(k) == key for k in per_class[["method", "split", "view"]].to_numpy()]]
        assert (classes["top1"] * classes["n"]).sum() == pytest.approx(diagonal)
        assert classes["top1"].mean() == pytest.approx(accuracy[key]["mean_class"])
        for row in classes.to_dict("records"):
            assert row["n"] == matrix.loc[row["class_name"]].sum()


def test_of_many_classes_only_pairs_that_occur_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(30)
    whole = confusion_table(checked(run), run.labels, run.class_names)
    assert (whole["count"] == 0).any()
    monkeypatch.setattr("crossmost.evaluation.metrics.MOST_CLASSES", 4)
    occurring = confusion_table(checked(run), run.labels, run.class_names)
    pd.testing.assert_frame_equal(occurring, whole[whole["count"] > 0].reset_index(drop=True))


T_95 = {"adapt": 2.0452, "test": 2.1604}
"""Student's quantiles for 28 and 12 objects and the two that are added, from a table: 29 and 13 degrees of freedom."""


def test_gains_are_paired_differences() -> None:
    run = make_run(40)
    correctness = correctness_table(checked(run), run.labels, run.class_names)
    accuracy = accuracy_table(correctness).set_index(["method", "split", "view"])["top1"]
    gains = gains_table(correctness)
    assert len(gains) == 3 * len(SPLITS) * len(VIEWS)
    for row in gains.to_dict("records"):
        difference = (
            accuracy[row["method"], row["split"], row["view"]] - accuracy["zeroshot", row["split"], row["view"]]
        )
        assert row["gain"] == pytest.approx(difference)
        assert (row["fixed"] - row["broken"]) / row["n"] == pytest.approx(difference, abs=1e-4)
        assert row["low"] <= row["gain"] <= row["high"]
        if row["view"] != "image_single":
            # The variance of a paired difference of proportions, half an object more in each of four cells.
            fixed, broken, n = row["fixed"] + 0.5, row["broken"] + 0.5, row["n"] + 2
            variance = (fixed + broken - (fixed - broken) ** 2 / n) / n**2
            assert row["high"] == pytest.approx(
                min(1, (fixed - broken) / n + T_95[row["split"]] * variance**0.5), abs=1e-4
            )


@pytest.mark.parametrize(
    ("fixed", "broken", "of", "is_chance"),
    [(4, 0, 109, True), (0, 4, 109, True), (3, 0, 3, True), (1, 0, 1, True), (0, 0, 5, True), (9, 0, 109, False)],
)
def test_few_changes_may_be_chance(fixed: int, broken: int, of: int, is_chance: bool) -> None:
    """McNemar's exact test gives 0.125 for 4 to 0, whatever the number of objects, and 0.004 for 9 to 0."""
    difference = np.array([1.0] * fixed + [-1.0] * broken + [0.0] * (of - fixed - broken))
    low, high = paired_interval(difference)
    assert (low <= 0 <= high) == is_chance and -1 <= low <= difference.mean() <= high <= 1


def test_labels_outside_the_class_list_are_refused() -> None:
    run = make_run(5)
    labels = run.labels.assign(class_name="spoon")
    with pytest.raises(CrossmostError, match="spoon"):
        correctness_table(checked(run), labels, run.class_names)
    with pytest.raises(CrossmostError, match="more than one label"):
        correctness_table(checked(run), pd.concat([run.labels, run.labels]), run.class_names)


def test_predictions_table_has_one_row_per_object() -> None:
    run = make_run(12)
    predictions = predictions_table(checked(run), run.class_names)
    check_table(PREDICTIONS, predictions)
    assert predictions["object_id"].tolist() == run.objects["object_id"].tolist()
    assert len(predictions.columns) == 2 + 4 * 3 * 3
    for method, scores in run.scores.items():
        for view in ("image", "point", "joint"):
            rows = dict(zip(scores.object_ids, scores.of(view), strict=True))
            for row in predictions.to_dict("records"):
                vector = rows[row["object_id"]]
                ranked = [run.class_names[i] for i in sorted(range(5), key=lambda i: (-vector[i], i))]
                assert row[f"{method}_{view}_label"] == ranked[0]
                assert row[f"{method}_{view}_top5"] == ranked
                assert row[f"{method}_{view}_confidence"] == pytest.approx(vector.max())


@pytest.mark.parametrize(("changed_objects", "method"), [(3, "zeroshot"), (4, "crossmost"), (40, "crossmost")])
def test_the_answer_is_the_adapted_model_where_it_changed_enough(changed_objects: int, method: str) -> None:
    """Ten percent of the 40 objects adapted to are four; what it changed of the others does not count."""
    splits = {f"object-{row}": "adapt" if row < 40 else "test" for row in range(50)}
    before = np.tile([0.8, 0.1, 0.1], (50, 1))
    after = np.tile([0.6, 0.3, 0.1], (50, 1))
    after[:changed_objects] = after[40:] = [0.1, 0.7, 0.2]
    scores = check_scores(
        [make_scores(splits, before), make_scores(splits, after, method="crossmost")],
        pd.DataFrame({"object_id": list(splits), "split": list(splits.values())}),
        ["x", "y", "z"],
    )
    answer = choose_answer(confidence_table(scores), 0.1)
    assert answer == Answer(method, changed_objects / 40)
    assert answer_from_scores(scores.stored["zeroshot"], scores.stored["crossmost"], 0.1) == answer
    predictions = predictions_table(scores, ["x", "y", "z"], answer)
    check_table(PREDICTIONS, predictions)
    assert (predictions["answer_method"] == method).all()
    for fact in ("label", "confidence", "top5"):
        assert list(predictions[f"answer_{fact}"]) == list(predictions[f"{method}_joint_{fact}"])


def test_the_answer_needs_scores_of_the_same_objects() -> None:
    before = make_scores({"a": "adapt", "b": "test"}, [[0.7, 0.3], [0.2, 0.8]])
    for others in ({"b": "adapt", "a": "test"}, {"c": "adapt", "b": "test"}):
        after = make_scores(others, [[0.7, 0.3], [0.2, 0.8]], method="crossmost")
        with pytest.raises(CrossmostError, match=r"different objects or classes: run .*zeroshot,selftraining"):
            answer_from_scores(before, after, 0.1)
    with pytest.raises(CrossmostError, match="or classes"):
        answer_from_scores(replace(before, class_names=("x", "y")), replace(before, class_names=("y", "x")), 0.1)


def test_without_both_methods_there_is_no_answer() -> None:
    splits = {"a": "adapt"}
    objects = pd.DataFrame({"object_id": ["a"], "split": ["adapt"]})
    for method in ("zeroshot", "crossmost"):
        scores = check_scores([make_scores(splits, [[0.7, 0.3]], method=method)], objects, ["x", "y"])
        assert choose_answer(confidence_table(scores), 0.1) is None


def test_top5_is_shorter_with_fewer_classes_and_ties_take_the_first() -> None:
    even = [1 / 3, 1 / 3, 1 / 3]
    scores = check_scores(
        [make_scores({"a": "test"}, [even])], pd.DataFrame({"object_id": ["a"], "split": ["test"]}), ["x", "y", "z"]
    )
    row = predictions_table(scores, ["x", "y", "z"]).iloc[0]
    assert row["zeroshot_joint_label"] == "x"
    assert row["zeroshot_joint_top5"] == ["x", "y", "z"]


def test_confidence_table_counts_agreement_and_change() -> None:
    run = make_run(30, labeled=False)
    predictions = predictions_table(checked(run), run.class_names)
    confidence = by_key(confidence_table(checked(run)))
    for split, group in predictions.groupby("split"):
        agree = (group["crossmost_image_label"] == group["crossmost_point_label"]).mean()
        changed = (group["crossmost_joint_label"] != group["zeroshot_joint_label"]).mean()
        row = confidence["crossmost", split, "joint"]
        assert row["agreement"] == pytest.approx(agree)
        assert row["changed"] == pytest.approx(changed)
        assert row["confidence"] == pytest.approx(group["crossmost_joint_confidence"].mean())
        assert confidence["zeroshot", split, "joint"]["changed"] == 0


def test_methods_of_other_numbers_of_views_have_no_change_of_single_views() -> None:
    objects = pd.DataFrame({"object_id": ["a", "b"], "split": "test"})
    said = [[0.9, 0.1], [0.2, 0.8]]
    before = make_scores({"a": "test", "b": "test"}, said)
    after = make_scores({"a": "test", "b": "test"}, said, method="crossmost", single=np.stack([said] * 3, axis=1))
    table = confidence_table(check_scores([before, after], objects, ["chair", "table"])).set_index(["method", "view"])
    assert np.isnan(table["changed"]["crossmost", "image_single"])
    assert table["changed"]["crossmost", "image"] == 0
