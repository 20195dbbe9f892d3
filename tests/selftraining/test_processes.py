"""The result does not depend on the number of processes at equal global batch."""

import numpy as np
import pytest
import torch

from crossmost.errors import CrossmostError
from crossmost.selftraining.settings import SelfTrainingSettings
from tests.selftraining.small_run import quick_settings, random_model, small_run, with_running_labels


def in_full_precision(**engine: object) -> SelfTrainingSettings:
    settings = with_running_labels(quick_settings())
    changed = settings.engine.model_copy(update={"accelerator": "cpu", "precision": "64-true", **engine})
    return settings.model_copy(update={"engine": changed})


@pytest.mark.slow
def test_two_gloo_processes_make_the_same_weights_and_losses_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.selftraining.small_run.random_model", _without_stochastic_depth)
    _, one = small_run(in_full_precision())
    _, two = small_run(in_full_precision(devices=2))
    terms = [name for name in one.log if name not in ("marginal_image", "marginal_point")]
    np.testing.assert_allclose(two.log[terms].astype(float), one.log[terms].astype(float), rtol=1e-9, atol=1e-12)
    for name in ("marginal_image", "marginal_point"):
        np.testing.assert_allclose(np.stack(two.log[name].tolist()), np.stack(one.log[name].tolist()), rtol=1e-9)
    np.testing.assert_array_equal(two.pseudo_labels["object_id"], one.pseudo_labels["object_id"])
    np.testing.assert_array_equal(two.pseudo_labels["label_image"], one.pseudo_labels["label_image"])
    for name, value in one.teacher.items():
        torch.testing.assert_close(two.teacher[name], value, rtol=1e-7, atol=1e-9, msg=name)


def _without_stochastic_depth() -> object:
    model = random_model()
    for block in model.point_tower.blocks.blocks:  # type: ignore[union-attr]
        block.drop_path.rate = 0.0
    return model


def test_a_batch_that_the_devices_cannot_share_is_refused() -> None:
    settings = in_full_precision(devices=3)
    with pytest.raises(CrossmostError, match=r"multiple of engine\.devices"):
        small_run(settings)


def without_terms_of_the_batch() -> SelfTrainingSettings:
    """Terms that are means over objects with as much hidden in each: of a batch, the mean of its parts'."""
    settings = quick_settings()
    engine = settings.engine.model_copy(update={"accelerator": "cpu", "precision": "64-true"})
    weights = settings.loss_weights.model_copy(update={"fairness": 0.0, "cross": 0.0})
    changes = {"engine": engine, "loss_weights": weights, "point_mask_ratio": (0.35, 0.35)}
    return settings.model_copy(update=changes)


def test_accumulated_batches_are_one_large_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.selftraining.small_run.random_model", _without_stochastic_depth)
    settings = without_terms_of_the_batch().model_copy(update={"batch_size": 4, "epochs": 1})
    large_student, large = small_run(settings, count=9)
    student, accumulated = small_run(settings.model_copy(update={"accumulate": 2, "batch_size": 2}), count=9)
    assert len(accumulated.log) == 2, "four batches, two a step"
    assert len(accumulated.pseudo_labels) == 8
    gradients = {name: parameter.grad for name, parameter in large_student.named_parameters()}
    for name, parameter in student.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name], rtol=1e-7, atol=1e-10, msg=name)
    for name, value in large.teacher.items():
        torch.testing.assert_close(accumulated.teacher[name], value, rtol=1e-7, atol=1e-9, msg=name)
    losses = ["loss", "ce_image", "ce_point", "mim_image", "mim_point", "align_image", "align_point"]
    np.testing.assert_allclose(accumulated.log[losses], large.log[losses], rtol=1e-9)


def gradient_after_a_step(clip_norm: float | None) -> torch.Tensor:
    """All gradients of a run of one step, end to end."""
    changes = {"clip_norm": clip_norm, "epochs": 1, "classifier_learning_rate": 1.0}
    student, result = small_run(in_full_precision().model_copy(update=changes), count=4)
    assert len(result.log) == 1
    return torch.cat([parameter.grad.flatten() for parameter in student.parameters() if parameter.grad is not None])


def test_gradients_are_clipped_to_the_norm() -> None:
    free = gradient_after_a_step(None)
    norm = free.norm().item()
    torch.testing.assert_close(gradient_after_a_step(norm / 3), free / 3, rtol=1e-5, atol=1e-12)
    assert torch.equal(gradient_after_a_step(3 * norm), free)
