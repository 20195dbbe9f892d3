"""Settings are compared without labels, on runs that are not made twice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import crossmost.tuning.search as search
from crossmost.errors import CrossmostError
from crossmost.models.scoring import score_collection
from crossmost.pipelines.tuning.nodes import how_to_run
from crossmost.pipelines.tuning.parameters import TuningParameters
from crossmost.scores import Scores
from crossmost.tuning import CRITERIA, Target, choice, compare_settings, grid_changes, label_free_criteria, with_changes
from tests.selftraining.small_run import quick_settings, random_model, random_objects
from tests.small_scores import all_in, make_scores, taken

GRAY, SPREAD = (0.5,) * 3, (0.25,) * 3


def said(image: list[list[float]], point: list[list[float]], joint: list[list[float]]) -> Scores:
    splits = {f"object-{number}": "adapt" for number in range(len(image))}
    return make_scores(splits, image, point=point, joint=joint)


def test_criteria_of_two_objects_by_hand() -> None:
    sure, other = [1.0, 0.0], [0.0, 1.0]
    reference = said([sure, sure], [sure, sure], [sure, other])
    found = label_free_criteria(said([sure, other], [sure, sure], [sure, other]), reference)
    assert found.keys() == CRITERIA.keys()
    assert found["agreement"] == 0.5
    assert found["confirmation"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert found["information"] == pytest.approx(np.log(2) + 0)
    assert found["confidence"] == 1


@given(st.integers(0, 1000))
def test_a_model_that_says_what_the_reference_says_is_confirmed_wholly(seed: int) -> None:
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(3), 6).tolist()
    same = said(probabilities, probabilities, probabilities)
    found = label_free_criteria(same, same)
    assert found["agreement"] == found["confirmation"] == 1
    assert -1e-6 <= found["information"] <= 2 * np.log(3) + 1e-6


def test_objects_to_test_on_have_no_part() -> None:
    sure, other = [1.0, 0.0], [0.0, 1.0]
    scores, reference = said([sure, other], [sure, sure], [sure, sure]), said([sure] * 2, [sure] * 2, [sure] * 2)
    scores, reference = (replace(each, splits=("adapt", "test")) for each in (scores, reference))
    assert label_free_criteria(scores, reference)["agreement"] == 1
    assert label_free_criteria(taken(scores, [1, 0]), reference)["agreement"] == 1
    for others in (all_in(scores, "test"), all_in(scores, "adapt"), taken(scores, [1])):
        with pytest.raises(ValueError, match="same objects to adapt to"):
            label_free_criteria(others, reference)
    with pytest.raises(ValueError, match="at least one"):
        label_free_criteria(all_in(scores, "test"), all_in(reference, "test"))


def test_a_grid_is_all_combinations() -> None:
    changes = grid_changes({"learning_rate": [0.1, 0.2], "pseudo_labels.rule": ["joint"]})
    assert changes == [
        {"learning_rate": 0.1, "pseudo_labels.rule": "joint"},
        {"learning_rate": 0.2, "pseudo_labels.rule": "joint"},
    ]
    with pytest.raises(CrossmostError, match="at least two"):
        grid_changes({"learning_rate": [0.1]})
    with pytest.raises(CrossmostError, match="cannot hold seed"):
        grid_changes({"seed": [0, 1]})


@pytest.mark.parametrize("name", ["no_such", "pseudo_labels.no_such", "seed.deeper", "no.such"])
def test_an_unknown_setting_is_named(name: str) -> None:
    with pytest.raises(CrossmostError, match=f"no setting '{name}'"):
        with_changes(quick_settings(), {name: 1})


def test_a_wrong_value_is_explained() -> None:
    with pytest.raises(CrossmostError, match=r"learning_rate.*greater than 0"):
        with_changes(quick_settings(), {"learning_rate": -1})


def test_finished_runs_are_kept_and_the_best_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = random_objects(6)
    splits = dict.fromkeys(objects.object_ids, "adapt")
    scored = score_collection(
        random_model(),
        objects,
        splits,
        method="zeroshot",
        image_mean=GRAY,
        image_std=SPREAD,
        n_points=128,
        batch_size=8,
    )
    target = Target(random_model, objects, scored.scores, scored.scores, GRAY, SPREAD, n_points=128, batch_size=8)
    candidates = grid_changes({"learning_rate": [1e-9, 1e-2]})
    trained: list[float] = []
    self_train = search.self_train

    def counted(model: object, data: object, settings: object, **options: object) -> object:
        trained.append(settings.learning_rate)  # type: ignore[attr-defined]
        if len(trained) == 2:
            raise KeyboardInterrupt
        return self_train(model, data, settings, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(search, "self_train", counted)

    def compare() -> pd.DataFrame:
        settings = quick_settings().model_copy(update={"epochs": 1, "final_learning_rate": 0.0})
        return compare_settings(
            target, settings, candidates, seeds=[0], criterion="confirmation", scratch=tmp_path / "runs"
        )

    with pytest.raises(CrossmostError, match="learning_rate"):
        compare_settings(
            target,
            quick_settings(),
            [*candidates, {"learning_rate": -1}],
            seeds=[0],
            criterion="agreement",
            scratch=tmp_path,
        )
    assert not trained, "all candidates are checked before the first run"
    too_many = grid_changes({"n_points": [128, 100_000]})
    with pytest.raises(CrossmostError, match=r"^n_points of tuning\.grid is 100000, but clouds are stored with"):
        compare_settings(target, quick_settings(), too_many, seeds=[0], criterion="agreement", scratch=tmp_path)
    assert not trained
    with pytest.raises(KeyboardInterrupt):
        compare()
    first = compare()
    assert trained == [1e-9, 1e-2, 1e-2], "the first run was kept"
    second = compare()
    assert len(trained) == 3
    pd.testing.assert_frame_equal(first, second)
    # Hardly moved, it says what the zero-shot model said.
    assert first["learning_rate"].tolist() == [1e-9, 1e-2] or first["confirmation"].nunique() == 1
    assert first["confirmation"].is_monotonic_decreasing
    best = choice(first, candidates, "confirmation")
    assert best["changes"] == candidates[int(first["candidate"][0])]
    assert best["lead"] == pytest.approx(first["confirmation"][0] - first["confirmation"][1])


def test_the_chosen_settings_are_said_as_a_command_or_as_a_file() -> None:
    scalars = {"learning_rate": 0.001, "pseudo_labels.balance": True, "class_prior": "joint"}
    said = how_to_run({"changes": scalars})
    parameters = said.split("--params ")[1].split(" (and")[0].split(",")
    assert [item.split("=")[0] for item in parameters] == [f"selftraining.crossmost.{name}" for name in scalars]
    changes = {"image_augmentation.crop_scale": [0.3, 0.7], "image_augmentation.resize": 1.0, "clip_norm": None}
    where, blocks = how_to_run({"changes": changes}).split("\n", 1)
    assert "conf/ENVIRONMENT/parameters.yml" in where
    expected = {"image_augmentation": {"crop_scale": [0.3, 0.7], "resize": 1.0}, "clip_norm": None}
    assert yaml.safe_load(blocks) == {"selftraining": {"crossmost": expected}}


def test_an_unknown_criterion_is_refused() -> None:
    with pytest.raises(ValueError, match="is none of agreement, confirmation"):
        TuningParameters.model_validate({"grid": {"epochs": [1, 2]}, "criterion": "luck", "seeds": [0], "scratch": "."})
