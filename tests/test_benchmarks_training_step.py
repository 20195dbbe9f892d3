"""The benchmarks of step and scoring measure what they say, at sizes that take no time."""

import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from benchmarks import scoring, training_step
from benchmarks.setups import Setup, make_setup, noise_objects
from benchmarks.timing import Stopwatch


@pytest.fixture(scope="module")
def setup() -> Setup:
    return make_setup("mini", batch_size=2, objects=noise_objects(4, views=4, side=64, points=256))


def test_training_step(setup: Setup) -> None:
    found = training_step.measure(setup, ["bf16-mixed", "32-true"], workers=[0], repeats=1)
    assert json.loads(json.dumps(found)) == found
    assert [row["precision"] for row in found["steps"]] == ["bf16-mixed", "32-true", "bf16-mixed"]
    for row in found["steps"]:
        assert row["ratio"] == row["seconds"]["step"][0] / row["seconds"]["towers"][0]
        assert 1 < row["step_gflop"] / row["towers_gflop"] < 1.15, "all else is small beside the towers"
    names = {row["part"] for row in found["breakdown"]}
    watched = {part for part, _, _ in training_step.parts(training_step.Trainer(setup, "32-true"))}
    assert watched - names == {"batch: reading, decoding"}, "these objects are in memory"
    assert sum(row["percent"] for row in found["breakdown"]) == pytest.approx(100)
    assert found["loading"][0]["workers"] == 0
    training_step.report(found, Console(quiet=True))


def test_scoring(setup: Setup) -> None:
    found = scoring.measure(setup, n_objects=3, repeats=1)
    assert json.loads(json.dumps(found)) == found
    assert [row["variant"] for row in found["rates"]] == ["scoring", "encoders", "encoders, groups ready"]
    assert found["rates"][0]["ratio"] == 1
    assert {row["part"] for row in found["breakdown"]} >= {"view preparation", "image tower", "point tower"}
    scoring.report(found, Console(quiet=True))


def test_parts_inside_parts_count_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 4.0, 5.0])
    monkeypatch.setattr("benchmarks.timing.time", SimpleNamespace(perf_counter=lambda: next(clock)))
    watch = Stopwatch()
    with watch.watching([("inner", json, "dumps")]), watch.lap(), watch.part("outer"):
        json.dumps([])
    assert watch.laps == [{"inner": 3.0, "outer": 2.0}]
    assert [row["percent"] for row in watch.breakdown()] == [60, 40]


def test_an_unknown_configuration_is_refused() -> None:
    with pytest.raises(ValueError, match="no configuration 'huge'; there are mini, vit-b-16"):
        make_setup("huge")
