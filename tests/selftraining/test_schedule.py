"""Schedules, optimizer groups and the mean teacher."""

import pytest
import torch

from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.joint import JointModel
from crossmost.selftraining.schedule import (
    Schedule,
    cosine_with_warmup,
    linear_ramp,
    parameter_groups,
    warn_of_learning_rate,
)
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.teacher import make_teacher, update_teacher
from tests.selftraining.small_run import default_settings


@pytest.fixture(scope="module")
def model() -> JointModel:
    torch.manual_seed(0)
    return JointModel(Encoders(mini_config()), torch.randn(192, 5))


def test_teacher_decay_ramps_linearly_and_stays() -> None:
    assert linear_ramp(0, 0.99, 0.9998, 400) == 0.99
    assert linear_ramp(1, 0.99, 0.9998, 400) == pytest.approx(0.9900245)
    assert linear_ramp(400, 0.99, 0.9998, 400) == linear_ramp(10_000, 0.99, 0.9998, 400) == 0.9998


def test_learning_rate_rises_then_falls_to_its_floor() -> None:
    rates = [cosine_with_warmup(step, 100, 10, 1.0, 0.1) for step in range(101)]
    assert rates[0] == 0
    assert max(rates) == pytest.approx(1.0)
    assert rates[9] == pytest.approx(1.0)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0.1)


def test_learning_rates_of_a_run_go_from_its_start_to_its_end(selftraining_settings: SelfTrainingSettings) -> None:
    rates = {"learning_rate": 1.0, "final_learning_rate": 0.25, "warmup_epochs": 2.0, "epochs": 6}
    schedule = Schedule(selftraining_settings.model_copy(update=rates), steps_per_epoch=5)
    assert schedule.total_steps == 30
    assert [schedule.learning_rate(step) for step in (0, 9, 10, 20, 30)] == pytest.approx([0, 1, 1, 0.625, 0.25])


def test_the_transductive_head_hands_over_to_the_teacher(selftraining_settings: SelfTrainingSettings) -> None:
    labels = selftraining_settings.pseudo_labels.model_copy(update={"transductive_epochs": 2.0})
    schedule = Schedule(selftraining_settings.model_copy(update={"pseudo_labels": labels}), steps_per_epoch=5)
    assert [schedule.transductive_share(step) for step in (0, 5, 10, 11)] == [1, 0.5, 0, 0]
    assert Schedule(selftraining_settings, steps_per_epoch=5).transductive_share(0) == 0


def test_every_parameter_but_the_mini_pointnet_is_optimized_once(
    model: JointModel, selftraining_settings: SelfTrainingSettings
) -> None:
    frozen = {id(parameter) for parameter in model.point_tower.encoder.parameters()}
    everything = {id(parameter) for parameter in model.parameters()}
    for rate, left_out in ((1.0, frozen), (0.0, frozen | {id(model.classifier)})):
        settings = selftraining_settings.model_copy(update={"classifier_learning_rate": rate})
        groups = parameter_groups(model, settings)
        optimized = [id(parameter) for group in groups for parameter in group["params"]]  # type: ignore[attr-defined]
        assert len(optimized) == len(set(optimized))
        assert set(optimized) == everything - left_out
    for group in groups:
        for parameter in group["params"]:  # type: ignore[attr-defined]
            assert (group["weight_decay"] == 0) == (parameter.dim() <= 1)


def test_lower_image_layers_learn_slower(model: JointModel, selftraining_settings: SelfTrainingSettings) -> None:
    settings = selftraining_settings.model_copy(update={"layer_decay": 0.5, "classifier_learning_rate": 1.0})
    scale_of = {
        id(parameter): group["lr_scale"]
        for group in parameter_groups(model, settings)
        for parameter in group["params"]  # type: ignore[attr-defined]
    }
    visual = model.image_tower.visual
    assert scale_of[id(visual.class_embedding)] == 0.5**4
    assert scale_of[id(visual.transformer.resblocks[0].ln_1.weight)] == 0.5**3
    assert scale_of[id(visual.transformer.resblocks[2].ln_1.weight)] == 0.5
    assert scale_of[id(visual.proj)] == 1
    assert scale_of[id(model.classifier)] == 1
    assert scale_of[id(model.point_projection)] == 1


def test_teacher_follows_the_student(model: JointModel) -> None:
    teacher = make_teacher(model)
    assert not teacher.training
    before = teacher.classifier.clone()
    student = make_teacher(model)
    student.classifier.data += 1
    mean = "point_tower.encoder.first_conv.1.running_mean"
    student.get_buffer(mean).add_(2)
    mean_before = teacher.get_buffer(mean).clone()
    update_teacher(teacher, student, 0.75)
    torch.testing.assert_close(teacher.classifier, before + 0.25)
    torch.testing.assert_close(teacher.get_buffer(mean), mean_before + 0.5)


def test_learning_rates_of_small_towers_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    settings = default_settings().model_copy(update={"batch_size": 64, "learning_rate": 3e-4})
    warn_of_learning_rate(settings)
    assert "learning_rate is 0.0003" in caplog.text
    assert "has 5e-06, falling to 2.5e-07 (final_learning_rate), for steps of 64 objects" in caplog.text
    caplog.clear()
    warn_of_learning_rate(settings.model_copy(update={"learning_rate": 5e-6}))
    warn_of_learning_rate(settings.model_copy(update={"learning_rate": 1e-4, "batch_size": 512}))
    warn_of_learning_rate(settings.model_copy(update={"learning_rate": 1e-4, "accumulate": 8}))
    assert not caplog.records
