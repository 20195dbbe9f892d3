"""The benchmark of evaluation's memory evaluates what it says it does."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import evaluation_size
from crossmost.kedro_datasets import ScoresDataset


def test_random_scores_are_evaluated_as_a_run_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossmost.large_arrays.IN_MEMORY", 100)
    monkeypatch.setattr("crossmost.scores.BLOCK", 200)
    evaluation_size.make_run(tmp_path, n_objects=40, n_views=2, n_classes=6)
    scores = ScoresDataset(filepath=str(tmp_path / "crossmost")).load()
    assert scores.probabilities.shape == (40, 2 + 3, 6)
    np.testing.assert_allclose(scores.probabilities.sum(-1), 1, atol=1e-5)
    assert np.unique(scores.splits, return_counts=True)[1].tolist() == [28, 12]
    found = json.loads(json.dumps(evaluation_size.measure(tmp_path)))
    assert (found["objects"], found["classes"], found["views"]) == (40, 6, 2)
    assert found["gigabytes_of_scores"] == pytest.approx(4 * 40 * 5 * 6 * 4 / 1e9)
    assert found["peak_megabytes"] >= found["megabytes_of_imports"] > 0
    assert found["seconds"] == pytest.approx(sum(found["seconds_of"].values()))
