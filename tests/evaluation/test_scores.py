"""Bad scores are refused with one clear sentence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from crossmost.errors import CrossmostError
from crossmost.evaluation import MethodScores, check_scores
from crossmost.tables import LABELS, OBJECTS, PSEUDO_LABELS, SCORES, TRAINING_LOG, check_table
from tests.synthetic_run import SyntheticRun, make_run


@pytest.fixture
def run() -> SyntheticRun:
    return make_run(10)


def check(run: SyntheticRun, *tables: pd.DataFrame) -> MethodScores:
    return check_scores(tables, run.objects, run.class_names)


def replace_vector(table: pd.DataFrame, vector: list[float]) -> pd.DataFrame:
    vectors = [np.asarray(vector), *table["probabilities"].iloc[1:]]
    return table.assign(probabilities=pd.Series(vectors, index=table.index))


def test_arranges_every_method_and_view_by_object(run: SyntheticRun) -> None:
    shuffled = [table.sample(frac=1, random_state=3) for table in run.scores.values()]
    scores = check(run, *shuffled)
    assert list(scores) == list(run.scores)
    for method, views in scores.items():
        assert views["joint"].object_ids.tolist() == run.objects["object_id"].tolist()
        assert views["image_single"].probabilities.shape == (30, 5)
        table = run.scores[method]
        expected = np.stack(table.loc[table["view"] == "image_single", "probabilities"].tolist())
        np.testing.assert_allclose(views["image_single"].probabilities, expected, rtol=1e-6)


def test_survives_parquet(run: SyntheticRun, tmp_path) -> None:  # type: ignore[no-untyped-def]
    run.scores["crossmost"].to_parquet(tmp_path / "scores.parquet")
    direct = check(run, run.scores["crossmost"])
    stored = check(run, pd.read_parquet(tmp_path / "scores.parquet"))
    np.testing.assert_array_equal(
        direct["crossmost"]["joint"].probabilities, stored["crossmost"]["joint"].probabilities
    )


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.drop(columns="split"), "lacks split"),
        (lambda t: t.iloc[:0], "no scores to evaluate"),
        (lambda t: t.replace({"object_id": {"object-0000": "stranger"}}), "'stranger'"),
        (lambda t: t.replace({"view": {"joint": "both"}}), "unknown view"),
        (lambda t: t[t["view"] != "point"], "no scores for view 'point'"),
        (lambda t: t.replace({"split": {"adapt": "test"}}), "disagree on the split"),
        (lambda t: pd.concat([t, t.iloc[[0]]]), "doubled row"),
        (
            lambda t: t.drop(index=t.index[(t["view"] == "joint") & (t["object_id"] == "object-0003")]),
            "differ in 1",
        ),
        (lambda t: replace_vector(t, [0.5, 0.5]), "2 values for 5 classes"),
        (lambda t: replace_vector(t, [0.5, 0.5, 0.5, 0.5, 0.5]), "sums to 2.5000"),
        (lambda t: replace_vector(t, [1.5, -0.5, 0.0, 0.0, 0.0]), "negative or non-finite"),
        (lambda t: replace_vector(t, [np.nan, 1.0, 0.0, 0.0, 0.0]), "negative or non-finite"),
    ],
)
def test_refuses_bad_scores(run: SyntheticRun, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str) -> None:
    with pytest.raises(CrossmostError, match=message):
        check(run, spoil(run.scores["zeroshot"]))


def test_synthetic_tables_are_what_stages_hand_over(run: SyntheticRun) -> None:
    for table in run.scores.values():
        check_table(SCORES, table)
    for table in run.logs.values():
        check_table(TRAINING_LOG, table)
    for table in run.pseudo_labels.values():
        check_table(PSEUDO_LABELS, table)
    check_table(LABELS, run.labels)
    check_table(OBJECTS, run.objects)


def test_methods_must_cover_the_same_objects(run: SyntheticRun) -> None:
    fewer = run.scores["crossmost"].query("object_id != 'object-0002'")
    with pytest.raises(CrossmostError, match="'object-0002'"):
        check(run, run.scores["zeroshot"], fewer)
