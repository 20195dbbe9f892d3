"""Several runs that differ in their seed: spread, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from crossmost.errors import CrossmostError
from crossmost.reports.seeds import collect_seeds, seed_figure, seed_sentence, seed_summary


def document(seed: int, before: float, after: float) -> dict[str, Any]:
    def views(top1: float) -> dict[str, Any]:
        return {"test": {view: {"top1": top1, "mean_class": top1} for view in ("image", "point", "joint")}}

    methods = {"zeroshot": views(before), "crossmost": views(after)}
    return {"dataset": "chairs", "n_classes": 3, "n_adapt": 70, "n_test": 30, "seed": seed, "methods": methods}


def test_mean_and_deviation_over_seeds() -> None:
    runs = {seed: document(seed, 0.5 + 0.02 * seed, 0.6 + 0.01 * seed) for seed in range(3)}
    seeds = collect_seeds(runs[0], {"one": runs[1], "two": runs[2]})
    summary = seed_summary(seeds)
    (row,) = summary.query("method == 'crossmost' and view == 'joint'").to_dict("records")
    assert row["n_seeds"] == 3 and row["top1"] == pytest.approx(0.61) and row["top1_sd"] == pytest.approx(0.01)
    gains = [0.1, 0.09, 0.08]
    assert row["gain"] == pytest.approx(np.mean(gains)) and row["gain_sd"] == pytest.approx(np.std(gains, ddof=1))
    assert "52.0 ± 2.0 % before, 61.0 ± 1.0 % after, gain +9.0 ± 1.0 points" in seed_sentence(seeds, "test")[0]
    dots = [trace for trace in seed_figure(seeds, "test").data if trace.showlegend is None]
    assert [len(trace.y) for trace in dots] == [9, 9]


def test_one_seed_has_no_spread() -> None:
    run = document(0, 0.5, 0.6)
    assert collect_seeds(run, {}).empty
    assert collect_seeds(run, {"this run again": copy.deepcopy(run)}).empty
    assert seed_sentence(collect_seeds(run, {}), "test") == []


def test_other_jobs_and_repeated_seeds_are_refused() -> None:
    run = document(0, 0.5, 0.6)
    with pytest.raises(CrossmostError, match=r"x\.json is not of the same job: dataset is 'tables', here 'chairs'"):
        collect_seeds(run, {"x": document(1, 0.5, 0.6) | {"dataset": "tables"}})
    with pytest.raises(CrossmostError, match=r"x\.json is of 101 objects, here are 100"):
        collect_seeds(run, {"x": document(1, 0.5, 0.6) | {"n_test": 31}})
    assert len(collect_seeds(run, {"x": document(1, 0.5, 0.6) | {"n_test": 31, "n_adapt": 69}}))
    with pytest.raises(CrossmostError, match="repeats seed 1"):
        collect_seeds(run, {"x": document(1, 0.5, 0.6), "y": document(1, 0.5, 0.7)})
