"""The result does not depend on the number of processes at equal global batch."""

import numpy as np
import pytest
import torch

from crossmost.errors import CrossmostError
from crossmost.selftraining.settings import SelfTrainingSettings
from tests.selftraining.small_run import quick_settings, random_model, random_objects, small_run, with_running_labels


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


def test_accumulated_batches_make_one_step() -> None:
    settings = in_full_precision().model_copy(update={"accumulate": 2, "batch_size": 2})
    _, result = small_run(settings, count=9)
    assert len(result.log) == 2 * 2, "four batches an epoch, two a step"
    assert len(result.pseudo_labels) == 2 * 8
    assert len(random_objects(9)) == 9


def test_gradient_clipping_changes_the_step() -> None:
    free = small_run(in_full_precision())[1]
    clipped = small_run(in_full_precision().model_copy(update={"clip_norm": 1e-9}))[1]
    name = "point_projection"
    assert not torch.equal(free.teacher[name], clipped.teacher[name])
