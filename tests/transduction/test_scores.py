"""The transductive head on scores: what it may see, and what comes out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from crossmost.embeddings import Embeddings
from crossmost.evaluation import check_scores
from crossmost.scores import Scores
from crossmost.transduction import TransductionSettings, transductive_scores
from tests.small_scores import all_in, taken, without
from tests.synthetic_run import SyntheticRun, make_run

SETTINGS = TransductionSettings()


@pytest.fixture(scope="module")
def run() -> SyntheticRun:
    return make_run(40)


def transduced(scores: Scores, embeddings: Embeddings) -> Scores:
    return transductive_scores(scores, embeddings, SETTINGS)


def embedded(embeddings: Embeddings, rows: Sequence[int] | np.ndarray) -> Embeddings:
    """Of some of the objects."""
    return replace(embeddings, object_ids=tuple(embeddings.object_ids[i] for i in rows), values=embeddings.values[rows])


def test_every_row_is_scored_again(run: SyntheticRun) -> None:
    before = run.scores["zeroshot"]
    after = transduced(before, run.embeddings["zeroshot"])
    assert (after.method, after.object_ids, after.splits) == ("transductive", before.object_ids, before.splits)
    assert after.probabilities.dtype == np.float32
    check_scores([after], run.objects, run.class_names)
    changed = ~np.isclose(before.probabilities, after.probabilities).all(axis=-1)
    assert changed.mean() > 0.9


def test_without_balance_and_affinity_each_modality_says_what_it_said(run: SyntheticRun) -> None:
    before = run.scores["zeroshot"]
    after = transductive_scores(before, run.embeddings["zeroshot"], TransductionSettings(balance=0, affinity=0))
    for view in ("single", "image", "point"):
        np.testing.assert_allclose(getattr(after, view), getattr(before, view), atol=1e-6)


def test_of_the_views_of_an_object_only_the_direction_of_their_mean_matters(run: SyntheticRun) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    shorter = embeddings.values.copy()
    shorter[::2, :-1] /= 2
    whole, halved = (transduced(scores, of) for of in (embeddings, replace(embeddings, values=shorter)))
    np.testing.assert_allclose(halved.image, whole.image, atol=1e-5)


def test_the_order_of_rows_does_not_matter(run: SyntheticRun) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    straight = transduced(scores, embeddings)
    first, second = (np.random.default_rng(seed).permutation(len(scores)) for seed in (0, 1))
    mixed = transduced(taken(scores, first), embedded(embeddings, second))
    assert mixed.object_ids == tuple(embeddings.object_ids[row] for row in second)
    assert mixed.splits == tuple(scores.splits[row] for row in second)
    np.testing.assert_allclose(straight.probabilities[second], mixed.probabilities, atol=1e-6)


def test_objects_to_test_on_have_no_part_in_each_other_or_in_the_head(run: SyntheticRun) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    test_rows = [row for row, split in enumerate(scores.splits) if split == "test"]
    kept = [row for row in range(len(scores)) if row not in test_rows[1:]]
    whole = transduced(scores, embeddings)
    fewer = transduced(taken(scores, kept), embedded(embeddings, kept))
    np.testing.assert_allclose(whole.probabilities[kept], fewer.probabilities, atol=1e-5)


def test_without_objects_to_adapt_to_all_take_part(run: SyntheticRun) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    left, right = (transduced(all_in(scores, split), embeddings) for split in ("test", "adapt"))
    np.testing.assert_array_equal(left.probabilities, right.probabilities)


def test_of_many_objects_some_are_drawn_and_the_others_have_no_part(run: SyntheticRun) -> None:
    """Leaving out an object that was not drawn changes nothing for any other."""
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    few = TransductionSettings(references=12)
    whole = transductive_scores(scores, embeddings, few)
    assert not np.allclose(whole.probabilities, transduced(scores, embeddings).probabilities)
    adapted_to = [row for row, split in enumerate(scores.splits) if split == "adapt"]
    changed = set()
    for row in adapted_to:
        values = embeddings.values.copy()
        values[row] = values[row, :, ::-1]
        after = transductive_scores(scores, replace(embeddings, values=values), few)
        others = [other for other in range(len(scores)) if other != row]
        if not np.array_equal(after.probabilities[others, :-1], whole.probabilities[others, :-1]):  # all but joint
            changed.add(row)
    assert len(changed) == 12
    assert len(adapted_to) > 12


def test_embeddings_of_other_objects_are_refused(run: SyntheticRun) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    with pytest.raises(ValueError, match="different objects"):
        transduced(scores, embedded(embeddings, range(len(scores) - 1)))
    with pytest.raises(ValueError, match="different objects"):
        transduced(without(scores, {scores.object_ids[0]}), embeddings)


def test_blocks_change_nothing(run: SyntheticRun, monkeypatch: pytest.MonkeyPatch) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    at_once = transduced(scores, embeddings)
    monkeypatch.setattr("crossmost.transduction.scores._OBJECTS_AT_ONCE", 7)
    by_blocks = transduced(scores, embeddings)
    np.testing.assert_allclose(by_blocks.probabilities, at_once.probabilities, atol=1e-6)
