"""Reliability bins against a plain loop, and the calibration error against its definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from crossmost.evaluation import calibration_error, check_scores, reliability_table
from crossmost.evaluation.calibration import calibrated_scores
from crossmost.models.joint_prediction import fit_fusion, joint_prediction
from crossmost.models.scoring import fusion_from_scores
from tests.small_scores import all_in, make_scores, taken, without
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
    for object_id, split, probabilities in zip(scores.object_ids, scores.splits, scores.joint, strict=True):
        if split != "adapt":
            continue
        confidence = float(probabilities.max())
        right = run.class_names[int(probabilities.argmax())] == truth[object_id]
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


def test_calibration_is_what_the_joint_prediction_of_zeroshot_uses() -> None:
    run = make_run(80)
    scores = check_scores(run.scores.values(), run.objects, run.class_names)
    fusion = fusion_from_scores(run.scores["zeroshot"])
    for position, view in enumerate(("image", "point")):
        raw, calibrated = scores.views["zeroshot"][view], calibrated_scores(scores)["zeroshot"][f"{view}_calibrated"]
        tempered = run.scores["zeroshot"].of(view) ** (1 / float(fusion.temperature[position]))
        np.testing.assert_allclose(calibrated.confidence, (tempered / tempered.sum(1, keepdims=True)).max(1), atol=1e-5)
        assert (calibrated.predicted == raw.predicted).all()


def test_too_sure_and_too_timid_bins_do_not_make_up_for_each_other() -> None:
    of_bins = {"confidence": [0.9, 0.5], "accuracy": [0.7, 0.7], "n": [1, 3]}
    bins = pd.DataFrame({"method": "zeroshot", "split": "test", "view": "image", **of_bins})
    assert calibration_error(bins).tolist() == pytest.approx([0.2])


def test_a_confidence_that_rounding_lifts_above_1_is_in_the_last_bin() -> None:
    said = make_scores({"a": "test"}, [[1.00001, 0.0]])
    scores = check_scores([said], pd.DataFrame({"object_id": ["a"], "split": "test"}), ["chair", "table"])
    rows = reliability_table(scores, pd.DataFrame({"object_id": ["a"], "class_name": "chair"}), ["chair", "table"])
    assert set(rows.loc[rows["view"] == "joint", "bin"]) == {9}


@pytest.mark.parametrize("method", ["selftrain_separate", "crossmost"])
def test_adapted_models_are_as_sure_as_the_zero_shot_joint_prediction_confirms_them(method: str) -> None:
    run = make_run(80)
    scores = check_scores(run.scores.values(), run.objects, run.class_names)
    known = scores.splits == "adapt"
    start = run.scores["zeroshot"]
    image, point = (torch.from_numpy(start.of(view)[known].astype(np.float64)) for view in ("image", "point"))
    before = joint_prediction(image, point, fit_fusion(image, point)).numpy()
    for view in ("image", "point"):
        named = scores.views[method][view].predicted
        found = calibrated_scores(scores)[method][f"{view}_calibrated"]
        expected = before[np.arange(known.sum()), named[known]].mean()
        assert found.confidence[known].mean() == pytest.approx(expected, abs=1e-3)
        assert (found.predicted == named).all()


def test_without_a_zero_shot_model_each_method_is_calibrated_by_itself() -> None:
    run = make_run(40)
    alone = check_scores([run.scores["crossmost"]], run.objects, run.class_names)
    reliability = fusion_from_scores(run.scores["crossmost"]).reliability
    found = calibrated_scores(alone)["crossmost"]["point_calibrated"]
    assert found.confidence[alone.splits == "adapt"].mean() == pytest.approx(float(reliability[1]), abs=1e-3)


def test_objects_to_test_on_have_no_part_in_calibration() -> None:
    run = make_run(80)
    scores = check_scores(run.scores.values(), run.objects, run.class_names)
    is_test = run.objects["split"] == "test"
    left_out = set(sorted(run.objects.loc[is_test, "object_id"])[5:])
    fewer = check_scores([without(said, left_out) for said in run.scores.values()], run.objects, run.class_names)
    kept = np.isin(scores.object_ids, fewer.object_ids)
    for method, views in calibrated_scores(scores).items():
        for view, all_objects in views.items():
            some = calibrated_scores(fewer)[method][view]
            np.testing.assert_allclose(all_objects.confidence[kept], some.confidence, rtol=1e-9)
            np.testing.assert_array_equal(all_objects.predicted[kept], some.predicted)


def test_every_method_is_also_shown_calibrated(table: pd.DataFrame) -> None:
    views = {"image", "image_calibrated", "point", "point_calibrated", "joint"}
    assert all(set(rows["view"]) == views for _, rows in table.groupby(["method", "split"]))
    counts = table.groupby(["method", "split", "view"])["n"].sum().unstack()
    assert (counts.nunique(axis=1) == 1).all()


def test_calibrated_verdicts_are_in_the_order_of_the_objects() -> None:
    run = make_run(40)
    mixed = np.random.default_rng(0).permutation(40)
    straight, shuffled = (
        calibrated_scores(check_scores(given, run.objects, run.class_names))
        for given in (run.scores.values(), [taken(said, mixed) for said in run.scores.values()])
    )
    for method, views in straight.items():
        for view, said in views.items():
            np.testing.assert_allclose(shuffled[method][view].confidence, said.confidence)


def test_without_adaptation_objects_all_are_used() -> None:
    run = make_run(40)
    held_out = [all_in(said, "test") for said in run.scores.values()]
    scores = check_scores(held_out, run.objects.assign(split="test"), run.class_names)
    found = calibrated_scores(scores)["zeroshot"]["image_calibrated"]
    assert found.confidence.mean() == pytest.approx(float(fusion_from_scores(held_out[0]).reliability[0]), abs=1e-3)


def test_without_labels_there_are_no_bins() -> None:
    run = make_run(20, labeled=False)
    scores = check_scores(run.scores.values(), run.objects, run.class_names)
    table = reliability_table(scores, run.labels, run.class_names)
    assert table.empty and {"method", "accuracy", "n"} <= set(table.columns)
    assert calibration_error(table).empty
