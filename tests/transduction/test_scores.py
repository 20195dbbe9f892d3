"""The transductive head on tables: what it may see, and what comes out."""

import numpy as np
import pandas as pd
import pytest

from crossmost.evaluation import check_scores
from crossmost.tables import SCORES, check_table
from crossmost.transduction import TransductionSettings, transductive_scores
from tests.synthetic_run import SyntheticRun, make_run

SETTINGS = TransductionSettings()


@pytest.fixture(scope="module")
def run() -> SyntheticRun:
    return make_run(40)


def transduced(scores: pd.DataFrame, embeddings: pd.DataFrame) -> pd.DataFrame:
    return transductive_scores(scores, embeddings, SETTINGS)


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
    mixed = transduced(
        scores.sample(frac=1, random_state=0).reset_index(drop=True), embeddings.sample(frac=1, random_state=1)
    )
    np.testing.assert_allclose(np.stack(list(by_row(straight))), np.stack(list(by_row(mixed))), atol=1e-6)


def test_objects_to_test_on_have_no_part_in_each_other_or_in_the_head(run: SyntheticRun) -> None:
    scores, embeddings = run.scores["zeroshot"], run.embeddings["zeroshot"]
    test_ids = sorted(set(scores.loc[scores["split"] == "test", "object_id"]))
    left_out = set(test_ids[1:])
    whole = by_row(transduced(scores, embeddings))
    fewer = by_row(
        transduced(scores[~scores["object_id"].isin(left_out)], embeddings[~embeddings["object_id"].isin(left_out)])
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
        shifted = embeddings.assign(
            embedding=[
                values[::-1].copy() if name == object_id else values
                for name, values in zip(embeddings["object_id"], embeddings["embedding"], strict=True)
            ]
        )
        after = by_row(transductive_scores(scores, shifted, few))
        others = [key for key in whole.index if key[0] != object_id and key[1] in ("image", "point", "image_single")]
        if not np.array_equal(np.stack(list(after[others])), np.stack(list(whole[others]))):
            changed.add(object_id)
    assert len(changed) == 12
    assert len(adapted_to) > 12
