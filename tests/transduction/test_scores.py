"""The transductive head on tables: what it may see, and what comes out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crossmost.embeddings import Embeddings
from crossmost.evaluation import check_scores
from crossmost.tables import SCORES, check_table
from crossmost.transduction import TransductionSettings, transductive_scores
from tests.synthetic_run import SyntheticRun, make_run

SETTINGS = TransductionSettings()


@pytest.fixture(scope="module")
def run() -> SyntheticRun:
    return make_run(40)


def transduced(scores: pd.DataFrame, embeddings: Embeddings) -> pd.DataFrame:
    return transductive_scores(scores, embeddings, SETTINGS)


def taken(embeddings: Embeddings, rows: Sequence[int] | np.ndarray) -> Embeddings:
    return replace(embeddings, object_ids=tuple(embeddings.object_ids[i] for i in rows), values=embeddings.values[rows])


def by_row(scores: pd.DataFrame) -> pd.Series:
    return scores.set_index(["object_id", "view", "view_index"])["probabilities"].sort_index()


def test_every_row_is_scored_again(run: SyntheticRun) -> None:
    before = run.scores["zeroshot"]
    after = transduced(before, run.embeddings["zeroshot"])
    pd.testing.assert_frame_equal(
        after.drop(columns=["method", "probabilities"]), before.drop(columns=["method", "probabilities"])
    )
    assert set(after["method"]) == {"transductive"}
    check_table(SCORES, after)
    check_scores([after], run.objects, run.class_names)
    changed = [not np.allclose(a, b) for a, b in zip(by_row(before), by_row(after), strict=True)]
    assert np.mean(changed) > 0.9


def test_the_order_of_rows_does_not_matter(run: SyntheticRun) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    straight = transduced(scores, embeddings)
    order = np.random.default_rng(1).permutation(len(embeddings.object_ids))
    mixed = transduced(scores.sample(frac=1, random_state=0).reset_index(drop=True), taken(embeddings, order))
    np.testing.assert_allclose(np.stack(list(by_row(straight))), np.stack(list(by_row(mixed))), atol=1e-6)


def test_objects_to_test_on_have_no_part_in_each_other_or_in_the_head(run: SyntheticRun) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    test_ids = sorted(set(scores.loc[scores["split"] == "test", "object_id"]))
    left_out = set(test_ids[1:])
    whole = by_row(transduced(scores, embeddings))
    fewer = by_row(
        transduced(
            scores[~scores["object_id"].isin(left_out)],
            taken(embeddings, [row for row, name in enumerate(embeddings.object_ids) if name not in left_out]),
        )
    )
    np.testing.assert_allclose(np.stack(list(whole[fewer.index])), np.stack(list(fewer)), atol=1e-5)


def test_without_objects_to_adapt_to_all_take_part(run: SyntheticRun) -> None:
    held_out = run.scores["zeroshot"].assign(split="test")
    adapted_to = run.scores["zeroshot"].assign(split="adapt")
    embeddings = run.embeddings["zeroshot"]
    left, right = (by_row(transduced(scores, embeddings)) for scores in (held_out, adapted_to))
    np.testing.assert_array_equal(np.stack(list(left)), np.stack(list(right)))


def test_of_many_objects_some_are_drawn_and_the_others_have_no_part(run: SyntheticRun) -> None:
    """Leaving out an object that was not drawn changes nothing for any other."""
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    few = TransductionSettings(references=12)
    whole = by_row(transductive_scores(scores, embeddings, few))
    assert not np.allclose(np.stack(list(whole)), np.stack(list(by_row(transduced(scores, embeddings)))))
    adapted_to = sorted(set(scores.loc[scores["split"] == "adapt", "object_id"]))
    changed = set()
    for object_id in adapted_to:
        values = embeddings.values.copy()
        row = embeddings.object_ids.index(object_id)
        values[row] = values[row, :, ::-1]
        shifted = replace(embeddings, values=values)
        after = by_row(transductive_scores(scores, shifted, few))
        others = [key for key in whole.index if key[0] != object_id and key[1] in ("image", "point", "image_single")]
        if not np.array_equal(np.stack(list(after[others])), np.stack(list(whole[others]))):
            changed.add(object_id)
    assert len(changed) == 12
    assert len(adapted_to) > 12


def test_embeddings_of_other_objects_are_refused(run: SyntheticRun) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    with pytest.raises(ValueError, match="different objects"):
        transduced(scores, taken(embeddings, range(len(embeddings.object_ids) - 1)))
    with pytest.raises(ValueError, match="different objects"):
        transduced(scores[scores["object_id"] != embeddings.object_ids[0]], embeddings)


def test_blocks_change_nothing(run: SyntheticRun, monkeypatch: pytest.MonkeyPatch) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    at_once = by_row(transduced(scores, embeddings))
    monkeypatch.setattr("crossmost.transduction.scores._OBJECTS_AT_ONCE", 7)
    by_blocks = by_row(transduced(scores, embeddings))
    np.testing.assert_allclose(np.stack(list(by_blocks)), np.stack(list(at_once)), atol=1e-6)
