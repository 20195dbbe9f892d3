"""The loop: it learns from confident predictions, repeats itself bit for bit, and says clearly what it cannot do."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from crossmost.errors import CrossmostError
from crossmost.models.joint import JointModel
from crossmost.models.point_tower import PointTower, PointTowerConfig
from crossmost.selftraining.settings import AdaptedShare, SelfTrainingSettings
from crossmost.selftraining.trainer import self_train, set_stochastic_depth
from tests.selftraining.launched_run import without_stochastic_depth
from tests.selftraining.small_run import (
    predictions_beforehand,
    quick_settings,
    random_model,
    random_objects,
    small_run,
)


@pytest.fixture(scope="module")
def quick() -> SelfTrainingSettings:
    return quick_settings()


def test_runs_repeat_bit_for_bit(quick: SelfTrainingSettings) -> None:
    (_, first), (_, second) = small_run(quick), small_run(quick)
    for name, value in first.teacher.items():
        assert torch.equal(value, second.teacher[name]), name
    assert first.log.equals(second.log)
    assert first.pseudo_labels.equals(second.pseudo_labels)


def test_log_and_pseudo_labels_are_complete(quick: SelfTrainingSettings) -> None:
    _, result = small_run(quick)
    assert result.log["step"].tolist() == [0, 1, 2, 3]
    assert result.log["epoch"].tolist() == [0, 0, 1, 1]
    terms = ["ce_image", "ce_point", "fairness_image", "fairness_point", "mim_image", "mim_point"]
    terms += ["align_image", "align_point", "cross"]
    np.testing.assert_allclose(result.log[terms].sum(axis=1), result.log["loss"], rtol=1e-3)
    assert len(result.pseudo_labels) == 16
    assert result.pseudo_labels.groupby("epoch")["object_id"].nunique().tolist() == [8, 8]
    assert bool(result.pseudo_labels[["kept_image", "kept_point"]].all().all())


def test_frozen_parts_stay_and_the_rest_moves(quick: SelfTrainingSettings) -> None:
    start = random_model()
    student, result = small_run(quick.model_copy(update={"classifier_learning_rate": 1.0}))
    before = dict(start.named_parameters())
    for name, parameter in student.named_parameters():
        frozen = name.startswith("point_tower.encoder.")
        # Only mask tokens of a pass that never hides anything could stay; all terms are on, so everything else moves.
        assert torch.equal(parameter, before[name]) == frozen, name
    buffers = dict(start.named_buffers())
    for name, buffer in buffers.items():
        assert torch.equal(buffer, result.teacher[name]), f"{name}: BatchNorm statistics must stay"


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_classifier_that_does_not_learn_collects_no_gradients(quick: SelfTrainingSettings, rate: float) -> None:
    student, _ = small_run(quick.model_copy(update={"classifier_learning_rate": rate}))
    assert student.classifier.requires_grad == (rate > 0)
    assert (student.classifier.grad is None) == (rate == 0)


@pytest.mark.parametrize(
    ("block", "change"),
    [
        ("", {"point_mask_ratio": [0.9, 3.0]}),
        ("", {"point_mask_ratio": [0.4, 0.3]}),
        ("point_augmentation", {"strong_scale": [-1, -2]}),
        ("point_augmentation", {"weak_scale": [0, 1]}),
        ("point_augmentation", {"strong_crop": [0, -1]}),
        ("image_augmentation", {"crop_scale": [0.3, 5]}),
    ],
)
def test_ranges_that_are_none_are_refused(quick: SelfTrainingSettings, block: str, change: dict[str, Any]) -> None:
    values = quick.model_dump()
    (values[block] if block else values).update(change)
    with pytest.raises(ValidationError, match=r"must be \(smallest, largest\)"):
        SelfTrainingSettings.model_validate(values)


def test_the_result_lies_between_start_and_teacher(quick: SelfTrainingSettings) -> None:
    start = dict(random_model().state_dict())
    shares = {share: quick.model_copy(update={"adapted_share": AdaptedShare(image=share)}) for share in (0.5, 1.0)}
    half, whole = (small_run(settings)[1] for settings in shares.values())
    for name in ("image_tower.visual.proj", "point_projection"):
        share = 0.5 if name.startswith("image") else 1.0
        torch.testing.assert_close(half.teacher[name], start[name].lerp(whole.teacher[name], share))
    assert torch.equal(half.teacher["classifier"], start["classifier"]), "the default freezes it"
    assert all(torch.equal(half.snapshots[-1][1][name], value) for name, value in half.teacher.items())


def test_a_single_object_is_refused(quick: SelfTrainingSettings) -> None:
    with pytest.raises(CrossmostError, match=r"at least 2 objects to adapt to .*got 1.*ingestion\.split\.test_share"):
        small_run(quick, count=1)


def test_diverged_training_stops_with_advice(quick: SelfTrainingSettings) -> None:
    with pytest.raises(CrossmostError, match="lower the learning rate"):
        small_run(quick.model_copy(update={"learning_rate": 1e30, "final_learning_rate": 1e30, "warmup_epochs": 0}))


def test_class_marginals_are_recorded(quick: SelfTrainingSettings) -> None:
    _, result = small_run(quick)
    for modality in ("image", "point"):
        marginals = np.stack(result.log[f"marginal_{modality}"].tolist())
        assert marginals.shape == (4, 4)
        np.testing.assert_allclose(marginals.sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("criterion", ["agreement", "entropy"])
def test_label_free_selection_takes_the_epoch_its_criterion_names(quick: SelfTrainingSettings, criterion: str) -> None:
    settings = quick.model_copy(update={"selection": criterion, "epochs": 3, "snapshots": 2})
    _, result = small_run(settings)
    by_epoch = result.log.groupby("epoch")[["agreement", "teacher_entropy_image", "teacher_entropy_point"]].mean()
    entropy = by_epoch["teacher_entropy_image"] + by_epoch["teacher_entropy_point"]
    expected = by_epoch["agreement"].idxmax() if criterion == "agreement" else entropy.idxmin()
    assert result.selected_epoch == expected
    assert [epoch for epoch, _ in result.snapshots] == [0, 1, 2]
    for name, value in dict(result.snapshots)[result.selected_epoch].items():
        assert torch.equal(value, result.teacher[name])


def test_a_prior_from_the_teacher_changes_fairness_alone(
    quick: SelfTrainingSettings,
) -> None:
    uniform = small_run(quick.model_copy(update={"class_prior": "uniform"}))[1]
    estimated = small_run(quick.model_copy(update={"class_prior": "teacher", "prior_momentum": 0.0}))[1]
    assert uniform.log["fairness_image"][0] != estimated.log["fairness_image"][0]
    assert uniform.log["ce_image"][0] == estimated.log["ce_image"][0]


TERMS = {
    "fairness": {"fairness_image", "fairness_point"},
    "modeling": {"mim_image", "mim_point"},
    "alignment": {"align_image", "align_point"},
    "cross": {"cross"},
    "image": {"ce_image", "fairness_image", "mim_image", "align_image"},
    "point": {"ce_point", "fairness_point", "mim_point", "align_point"},
}


@pytest.mark.parametrize("switched_off", [*([weight] for weight in TERMS), ["modeling", "alignment"]], ids="-".join)
def test_a_weight_of_0_switches_its_terms_off_alone(
    quick: SelfTrainingSettings, switched_off: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without masks there is a pass less, which would draw other paths to drop.
    monkeypatch.setattr("tests.selftraining.small_run.random_model", without_stochastic_depth)
    # Random models give many objects one label, which would leave nothing to contrast.
    arithmetic = quick.arithmetic.model_copy(update={"contrast_negatives": "all"})
    one_step = quick.model_copy(update={"epochs": 1, "arithmetic": arithmetic})
    off = one_step.loss_weights.model_copy(update=dict.fromkeys(switched_off, 0.0))
    before, after = (
        small_run(settings, count=4)[1].log.loc[0]
        for settings in (one_step, one_step.model_copy(update={"loss_weights": off}))
    )
    terms = set().union(*TERMS.values())
    silent = set().union(*(TERMS[weight] for weight in switched_off))
    assert all(before[term] != 0 for term in terms)
    assert {term: after[term] for term in terms} == {term: 0.0 if term in silent else before[term] for term in terms}


TECHNIQUES = {
    "weighting": "soft",
    "targets": "hard",
    "diversity": 0.5,
    "balance": True,
    "prototypes": 1.0,
}


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_each_labeling_technique_changes_the_run_and_stays_finite(quick: SelfTrainingSettings, technique: str) -> None:
    pooled = quick.pseudo_labels.model_copy(update={"rule": "pooled", "targets": "soft"})
    quick = quick.model_copy(update={"prior_momentum": 0.0})
    plain, other = (
        small_run(quick.model_copy(update={"pseudo_labels": pooled.model_copy(update=changes)}))[1]
        for changes in ({}, {technique: TECHNIQUES[technique]})
    )
    assert not plain.log["loss"].equals(other.log["loss"])
    assert bool(np.isfinite(other.log["loss"]).all())


def test_first_labels_are_those_of_the_transductive_head(quick: SelfTrainingSettings) -> None:
    """From the second epoch on, those of the teacher, as if there had been none."""
    labels = quick.pseudo_labels.model_copy(update={"rule": "separate", "transductive_epochs": 1.0})
    frozen = {"learning_rate": 1e-12, "final_learning_rate": 0.0, "batch_size": 10}
    quick = quick.model_copy(update=frozen | {"pseudo_labels": labels})
    handed_over = small_run(quick)[1].pseudo_labels
    first = handed_over[handed_over["epoch"] == 0]
    given = predictions_beforehand(10).argmax(-1)[[int(name.split("-")[1]) for name in first["object_id"]]]
    assert first[["label_image", "label_point"]].to_numpy().tolist() == given.tolist()
    never = quick.model_copy(update={"pseudo_labels": labels.model_copy(update={"transductive_epochs": 0.0})})
    by_teacher = small_run(never)[1].pseudo_labels
    assert not first.equals(by_teacher[by_teacher["epoch"] == 0])
    pd.testing.assert_frame_equal(handed_over[handed_over["epoch"] == 1], by_teacher[by_teacher["epoch"] == 1])


def test_first_labels_without_predictions_are_refused(quick: SelfTrainingSettings) -> None:
    labels = quick.pseudo_labels.model_copy(update={"transductive_epochs": 1.0})
    settings = quick.model_copy(update={"pseudo_labels": labels})
    with pytest.raises(ValueError, match="transductive_epochs"):
        self_train(random_model(), random_objects(4), settings, image_mean=(0.5,) * 3, image_std=(0.25,) * 3)


def test_pictures_that_cannot_be_cut_into_blocks_are_refused_by_name(quick: SelfTrainingSettings) -> None:
    settings = quick.model_copy(update={"image_mask_block": 5})
    wanted = r"^selftraining\.crossmost\.image_mask_block is 5, but .* 8×8 patches.* 1 or 2 or 4 or 8$"
    with pytest.raises(CrossmostError, match=wanted):
        self_train(random_model(), random_objects(4), settings, image_mean=(0.5,) * 3, image_std=(0.25,) * 3)


def test_running_thresholds_replace_the_fixed_ones(quick: SelfTrainingSettings) -> None:
    labels = quick.pseudo_labels.model_copy(update={"threshold_joint": 1.0})
    assert small_run(quick.model_copy(update={"pseudo_labels": labels}))[1].log["kept_share"].max() == 0
    adaptive = labels.model_copy(update={"weighting": "self_adaptive"})
    assert small_run(quick.model_copy(update={"pseudo_labels": adaptive}))[1].log["kept_share"].min() > 0


def test_balanced_labels_of_separate_modalities_leave_each_other_alone(
    quick: SelfTrainingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The class frequencies of the images are theirs, whatever the points say."""

    def unsure_model() -> JointModel:  # so that balancing changes labels
        model = random_model()
        model.logit_scale.data.zero_()
        return model

    monkeypatch.setattr("tests.selftraining.small_run.random_model", unsure_model)
    labels = quick.pseudo_labels.model_copy(update={"rule": "separate", "balance": True, "threshold_image": 0.0})
    alone = quick.loss_weights.model_copy(update={"cross": 0.0})
    changes = {"pseudo_labels": labels, "loss_weights": alone, "class_prior": "teacher", "prior_momentum": 0.0}
    settings = quick.model_copy(update={**changes, "epochs": 1})
    augmentation = settings.point_augmentation.model_copy(update={"weak_tilt": 3.0, "weak_tilt_clip": 3.0})
    (_, one), (_, other) = (
        small_run(settings),
        small_run(settings.model_copy(update={"point_augmentation": augmentation})),
    )
    assert one.log["fairness_point"][0] != other.log["fairness_point"][0]
    assert one.log["fairness_image"][0] == other.log["fairness_image"][0]


def test_stochastic_depth_is_as_the_settings_say(quick: SelfTrainingSettings) -> None:
    """The release's rates of 12 blocks: from 0 to 0.1."""
    published: Any = PointTower(PointTowerConfig(layers=12))
    published.set_drop_path(0.1)
    rates = [block.drop_path.rate for block in published.blocks.blocks]
    assert rates == pytest.approx([0.1 * layer / 11 for layer in range(12)])
    for wanted, expected in ((None, 0.2), (0.0, 0.0), (0.1, 0.1)):
        student: Any = small_run(quick.model_copy(update={"point_drop_path": wanted, "epochs": 1}))[0]
        assert student.point_tower.blocks.blocks[-1].drop_path.rate == expected
    other: Any = random_model()
    other.point_tower = torch.nn.Identity()
    with pytest.raises(CrossmostError, match="point_drop_path is of Point-BERT towers"):
        set_stochastic_depth(other, 0.1)
