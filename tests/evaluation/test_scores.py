"""Bad scores are refused with one clear sentence; block by block, evaluation says what it says of the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crossmost.scores
from crossmost.errors import CrossmostError
from crossmost.evaluation import (
    MethodScores,
    check_scores,
    confidence_table,
    confusion_table,
    correctness_table,
    predictions_table,
    reliability_table,
)
from crossmost.models.scoring import fusion_from_scores, predictions_from_scores
from crossmost.reports import read_probabilities
from crossmost.scores import Scores
from crossmost.selftraining.snapshots import snapshot_predictions
from crossmost.tables import LABELS, OBJECTS, PSEUDO_LABELS, TRAINING_LOG, check_table
from tests.small_scores import make_scores, taken, without
from tests.synthetic_run import SyntheticRun, make_run


@pytest.fixture
def run() -> SyntheticRun:
    return make_run(10)


def check(run: SyntheticRun, *methods: Scores) -> MethodScores:
    return check_scores(methods, run.objects, run.class_names)


def with_vector(scores: Scores, vector: list[float]) -> Scores:
    """One of the first object's views says something else."""
    probabilities = scores.probabilities.copy()
    probabilities[0, 1] = vector
    return replace(scores, probabilities=probabilities)


def test_arranges_every_method_and_view_by_object(run: SyntheticRun) -> None:
    order = np.random.default_rng(3).permutation(10)
    scores = check(run, *(taken(given, order) for given in run.scores.values()))
    assert list(scores.views) == list(run.scores)
    assert scores.object_ids.tolist() == run.objects["object_id"].tolist()
    assert scores.splits.tolist() == run.objects["split"].tolist()
    for method, views in scores.views.items():
        given = run.scores[method]
        assert views["image_single"].best.shape == (10, 3, 1)
        np.testing.assert_array_equal(views["image_single"].predicted, given.single.argmax(-1))
        np.testing.assert_array_equal(views["image_single"].confidence, given.single.max(-1))
        for view in ("image", "point", "joint"):
            np.testing.assert_array_equal(views[view].best, np.argsort(-given.of(view), axis=-1, kind="stable"))
            np.testing.assert_array_equal(views[view].confidence, given.of(view).max(-1))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda s: taken(s, []), "no scores to evaluate"),
        (lambda s: replace(s, object_ids=("stranger", *s.object_ids[1:])), "'stranger'"),
        (lambda s: replace(s, splits=("test",) * 10), "disagree on the split of 7 object"),
        (lambda s: taken(s, [*range(10), 0]), "scored 1 object.* more than once: 'object-0000'"),
        (lambda s: replace(s, probabilities=s.probabilities[..., :2]), "2 values for 5 classes"),
        (lambda s: with_vector(s, [0.5, 0.5, 0.5, 0.5, 0.5]), "sums to 2.5000"),
        (lambda s: with_vector(s, [1.5, -0.5, 0.0, 0.0, 0.0]), "negative or non-finite"),
        (lambda s: with_vector(s, [np.nan, 1.0, 0.0, 0.0, 0.0]), "negative or non-finite"),
        (lambda s: with_vector(s, [np.inf, -np.inf, 0.0, 0.0, 0.0]), "negative or non-finite"),
        (lambda s: with_vector(s, [2.0] * 5), r"1 probability.*method 'zeroshot', object 'object-0000', view 'image_s"),
    ],
)
@pytest.mark.parametrize("block", [1, 2**22])
def test_refuses_bad_scores(
    run: SyntheticRun,
    spoil: Callable[[Scores], Scores],
    message: str,
    block: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crossmost.scores, "BLOCK", block)
    with pytest.raises(CrossmostError, match=message):
        check(run, spoil(run.scores["zeroshot"]))


def test_what_rounding_does_to_probabilities_is_accepted(run: SyntheticRun) -> None:
    scores = check(run, with_vector(run.scores["zeroshot"], [1.005, -5e-7, 0.0, 0.0, 0.0]))
    assert scores.views["zeroshot"]["image_single"].confidence[0, 1] == pytest.approx(1.005)


def test_an_unknown_split_is_refused(run: SyntheticRun) -> None:
    scores = replace(run.scores["zeroshot"], splits=("train",) * 10)
    with pytest.raises(CrossmostError, match=r"unknown split.*'train'"):
        check_scores([scores], run.objects.assign(split="train"), run.class_names)


def test_a_method_counts_once(run: SyntheticRun) -> None:
    with pytest.raises(CrossmostError, match="zeroshot, zeroshot"):
        check(run, run.scores["zeroshot"], run.scores["zeroshot"])


def test_synthetic_tables_are_what_stages_hand_over(run: SyntheticRun) -> None:
    for table in run.logs.values():
        check_table(TRAINING_LOG, table)
    for table in run.pseudo_labels.values():
        check_table(PSEUDO_LABELS, table)
    check_table(LABELS, run.labels)
    check_table(OBJECTS, run.objects)


def test_methods_must_cover_the_same_objects(run: SyntheticRun) -> None:
    fewer = without(run.scores["crossmost"], {"object-0002"})
    with pytest.raises(CrossmostError, match=r"differ in 1 object.*'object-0002'"):
        check(run, run.scores["zeroshot"], fewer)


def evaluated(run: SyntheticRun, methods: Iterable[Scores]) -> dict[str, pd.DataFrame]:
    """All that evaluation and the report make of scores."""
    scores = check_scores(methods, run.objects, run.class_names)
    return {
        "predictions": predictions_table(scores, run.class_names),
        "confidence": confidence_table(scores),
        "correctness": correctness_table(scores, run.labels, run.class_names),
        "confusion": confusion_table(scores, run.labels, run.class_names),
        "reliability": reliability_table(scores, run.labels, run.class_names),
        "snapshots": snapshot_predictions([0, 1], [scores.stored["zeroshot"], scores.stored["crossmost"]]),
    }


@settings(max_examples=10, deadline=None)
@given(block=st.integers(1, 1500), seed=st.integers(0, 3))
def test_blocks_of_any_size_give_what_the_whole_gives(block: int, seed: int) -> None:
    run = make_run(24, seed=seed)
    order = np.random.default_rng(seed).permutation(24)
    methods = [taken(scores, order) for scores in run.scores.values()]
    whole = evaluated(run, methods)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossmost.scores, "BLOCK", block)
        by_blocks = evaluated(run, methods)
    for name, table in whole.items():
        pd.testing.assert_frame_equal(by_blocks[name], table, check_exact=True)


class FewRows:
    """A large array, of which no more than a few objects may be read at once."""

    def __init__(self, array: np.ndarray, most: int) -> None:
        self.array, self.most, self.shape = array, most, array.shape

    def __getitem__(self, key: Any) -> Any:
        rows, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(rows, slice) and rows == slice(None):  # a view of a part of each object
            return FewRows(self.array[(slice(None), *rest)], self.most)
        found = self.array[key]
        assert len(found) <= self.most, f"{len(found)} objects were read at once"
        return found

    def __array__(self, *arguments: Any, **options: Any) -> np.ndarray:
        raise AssertionError("all of it was read")


def test_no_more_than_a_block_is_ever_read(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(40)
    monkeypatch.setattr(crossmost.scores, "BLOCK", 4 * (3 + 3) * 5)  # four objects
    methods = [
        replace(scores, probabilities=cast(np.ndarray, FewRows(scores.probabilities, most=4)))
        for scores in run.scores.values()
    ]
    found = evaluated(run, methods)
    for name, table in evaluated(run, run.scores.values()).items():
        pd.testing.assert_frame_equal(found[name], table, check_exact=True)
    limited, whole = methods[0], run.scores["zeroshot"]
    for one, other in zip(fusion_from_scores(limited), fusion_from_scores(whole), strict=True):
        np.testing.assert_array_equal(one, other)
    ids = [*reversed(whole.object_ids)]
    np.testing.assert_array_equal(predictions_from_scores(limited, ids)[:, 0], whole.image[::-1])
    shown = read_probabilities([limited], ids[:6])
    np.testing.assert_array_equal(shown["zeroshot", ids[5], "point"], whole.point[-6])
    with pytest.raises(AssertionError, match="40 objects"):
        limited.probabilities[:40]


def test_objects_without_scores_are_named() -> None:
    with pytest.raises(KeyError, match="stranger"):
        predictions_from_scores(make_scores({"a": "test"}, [[0.5, 0.5]]), ["a", "stranger"])


def test_classes_in_another_order_are_refused() -> None:
    """The number of classes alone would not show it."""
    scores = replace(make_scores({"a": "test"}, [[0.7, 0.2, 0.1]]), class_names=("x", "y", "z"))
    objects = pd.DataFrame({"object_id": ["a"], "split": ["test"]})
    check_scores([scores], objects, ["x", "y", "z"])
    with pytest.raises(CrossmostError, match=r"other classes \('y' where the list has 'z'\)"):
        check_scores([scores], objects, ["x", "z", "y"])
