"""The loop: it learns from confident predictions, repeats itself bit for bit, and says clearly what it cannot do."""

import numpy as np
import pytest
import torch

from crossmost.collection import Collection
from crossmost.errors import CrossmostError
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.joint import JointModel
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.trainer import SelfTrainingResult, self_train


def collection(count: int) -> Collection:
    rng = np.random.default_rng(0)
    views = rng.integers(0, 255, (count, 3, 72, 72, 3), dtype=np.uint8)
    clouds = rng.normal(size=(count, 300, 3)).astype(np.float32)
    return Collection(tuple(f"object-{i}" for i in range(count)), views, clouds)


def run(settings: SelfTrainingSettings, count: int = 10) -> tuple[JointModel, SelfTrainingResult]:
    torch.manual_seed(1)
    model = JointModel(Encoders(mini_config()), torch.randn(192, 4))
    return model, self_train(model, collection(count), settings, image_mean=(0.5,) * 3, image_std=(0.25,) * 3)


@pytest.fixture(scope="module")
def quick(selftraining_settings: SelfTrainingSettings) -> SelfTrainingSettings:
    """Two small epochs; every object is kept, every term is on."""
    labels = selftraining_settings.pseudo_labels.model_copy(update={"threshold_joint": 0.0, "rule": "joint"})
    changes = {"epochs": 2, "batch_size": 4, "n_points": 128, "views_per_object": 2, "pseudo_labels": labels}
    return selftraining_settings.model_copy(update=changes)


def test_runs_repeat_bit_for_bit(quick: SelfTrainingSettings) -> None:
    (_, first), (_, second) = run(quick), run(quick)
    for name, value in first.teacher.state_dict().items():
        assert torch.equal(value, second.teacher.state_dict()[name]), name
    assert first.log.equals(second.log)
    assert first.pseudo_labels.equals(second.pseudo_labels)


def test_log_and_pseudo_labels_are_complete(quick: SelfTrainingSettings) -> None:
    _, result = run(quick)
    assert result.log["step"].tolist() == [0, 1, 2, 3]
    assert result.log["epoch"].tolist() == [0, 0, 1, 1]
    terms = ["ce_image", "ce_point", "fairness_image", "fairness_point", "mim_image", "mim_point"]
    terms += ["align_image", "align_point", "cross"]
    np.testing.assert_allclose(result.log[terms].sum(axis=1), result.log["loss"], rtol=1e-3)
    assert len(result.pseudo_labels) == 16
    assert result.pseudo_labels.groupby("epoch")["object_id"].nunique().tolist() == [8, 8]
    assert bool(result.pseudo_labels[["kept_image", "kept_point"]].all().all())


def test_frozen_parts_stay_and_the_rest_moves(quick: SelfTrainingSettings) -> None:
    torch.manual_seed(1)
    start = JointModel(Encoders(mini_config()), torch.randn(192, 4))
    student, result = run(quick)
    before = dict(start.named_parameters())
    for name, parameter in student.named_parameters():
        frozen = name.startswith("point_tower.encoder.")
        # Only mask tokens of a pass that never hides anything could stay; all terms are on, so everything else moves.
        assert torch.equal(parameter, before[name]) == frozen, name
    buffers = dict(start.named_buffers())
    for name, buffer in result.teacher.named_buffers():
        assert torch.equal(buffer, buffers[name]), f"{name}: BatchNorm statistics must stay"


def test_a_single_object_is_refused(quick: SelfTrainingSettings) -> None:
    with pytest.raises(CrossmostError, match="at least 2 usable objects, got 1"):
        run(quick, count=1)


def test_diverged_training_stops_with_advice(quick: SelfTrainingSettings) -> None:
    with pytest.raises(CrossmostError, match="lower the learning rate"):
        run(quick.model_copy(update={"learning_rate": 1e30, "final_learning_rate": 1e30, "warmup_epochs": 0}))
