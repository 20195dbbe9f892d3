"""One step: what the teacher says of a batch, what is remembered of it, and what it does to weights."""

import math
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional

from crossmost.models.joint import JointModel
from crossmost.models.joint_prediction import class_frequencies, updated_fusion
from crossmost.selftraining.losses import fairness, symmetric_contrast
from crossmost.selftraining.pseudo_labels import Supervision
from crossmost.selftraining.schedule import Schedule
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.step import (
    Batch,
    Teaching,
    TrainingState,
    assemble_batch,
    step_report,
    teach,
    training_step,
)
from crossmost.selftraining.trainer import start_state
from tests.selftraining.small_run import default_settings
from tests.selftraining.test_parity_step import model

FABRIC = Fabric(accelerator="cpu", devices=1)
N_OBJECTS, N_VIEWS, N_CLASSES = 4, 2, 10
MOMENTUM = 0.75


def settings_of(**changes: Any) -> SelfTrainingSettings:
    """Every object is kept; labels are changed by ``labels``."""
    defaults = default_settings()
    labels = {"threshold_image": 0.0, "threshold_point": 0.0, "threshold_joint": 0.0} | changes.pop("labels", {})
    own: dict[str, Any] = {"views_per_object": N_VIEWS, "teacher_views": N_VIEWS, "prior_momentum": MOMENTUM}
    own["pseudo_labels"] = defaults.pseudo_labels.model_copy(update=labels)
    return defaults.model_copy(update=own | changes)


def batch_of(small: JointModel) -> Batch:
    generator = torch.Generator().manual_seed(3)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    return assemble_batch(
        small.point_tower,
        weak_views=draw(N_OBJECTS * N_VIEWS, 3, 32, 32),
        strong_views=draw(N_OBJECTS * N_VIEWS, 3, 32, 32),
        weak_clouds=draw(N_OBJECTS, 256, 3),
        strong_clouds=draw(N_OBJECTS, 256, 3),
        weak_start=torch.zeros(N_OBJECTS, dtype=torch.long),
        strong_start=torch.zeros(N_OBJECTS, dtype=torch.long),
        image_mask=torch.rand(N_OBJECTS * N_VIEWS, 16, generator=generator) < 0.3,
        point_mask=torch.rand(N_OBJECTS, 16, generator=generator) < 0.35,
    )


def one_step(settings: SelfTrainingSettings) -> tuple[TrainingState, Teaching, Any, Any]:
    """The state after a step, and of before it what the teacher said, what the student said; and the step's result."""
    state = start_state(model(), settings, FABRIC)
    batch = batch_of(state.model)
    taught = teach(state.teacher, batch)
    with torch.no_grad():
        output = state.student(batch)
    return state, taught, output, training_step(state, [batch], settings, Schedule(settings, 5), FABRIC)


def test_the_teacher_speaks_of_all_weak_views_of_an_object() -> None:
    small = model().eval()
    batch = batch_of(small)
    taught = teach(small, batch)
    with torch.no_grad():
        views = small.embed_image(batch.weak_views).unflatten(0, (N_OBJECTS, N_VIEWS))
        point = small.embed_tokens(small.point_tower.tokenize(batch.weak_neighborhoods), batch.weak_centers)
        torch.testing.assert_close(taught.image, small.logits(views).softmax(-1).mean(1))
        torch.testing.assert_close(taught.point, small.logits(point).softmax(-1))
    torch.testing.assert_close(taught.image_embedding, functional.normalize(views.sum(1), dim=-1))
    torch.testing.assert_close(taught.point_embedding, point)


def test_logits_are_no_coarser_than_the_classifier_under_autocast() -> None:
    """At CLIP's scale bfloat16 would make ties: 25.0 and 25.05 are the same number to it."""
    towers = model()
    with torch.no_grad():
        towers.logit_scale.fill_(math.log(100))
    embedding = functional.normalize(
        torch.randn(4, towers.classifier.shape[0], generator=torch.Generator().manual_seed(0)), dim=-1
    )
    expected = towers.logits(embedding)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(towers.logits(embedding), expected, rtol=0, atol=0)
        assert towers.logits(embedding.bfloat16()).dtype == torch.float32


def test_the_report_tells_modalities_apart() -> None:
    image, point = torch.eye(2), torch.full((2, 2), 0.5)
    embedding, labels = torch.eye(2), torch.tensor([0, 1])
    supervised = Supervision(labels, labels, torch.tensor([1.0, 0.0]), torch.ones(2))
    report = step_report(Teaching(image, point.lerp(image, 0.5), embedding, embedding), supervised)
    assert [report[f"kept_share{of}"].item() for of in ("", "_image", "_point")] == [0.75, 0.5, 1.0]
    assert report["agreement"] == 1
    assert report["teacher_entropy_image"].item() == pytest.approx(0, abs=1e-6)
    assert report["teacher_entropy_point"].item() == pytest.approx(0.5623, abs=1e-4)  # of 3 to 1
    one_sided = step_report(Teaching(image[:1], point[:1], embedding[:1], embedding[:1]), supervised)
    assert one_sided["marginal_image"].tolist() == [1, 0] and one_sided["marginal_point"].tolist() == [0.5, 0.5]


def test_running_statistics_move_by_as_much_as_their_momentum_lets_them() -> None:
    settings = settings_of(labels={"rule": "image_only", "balance": True, "prototypes": 1.0}, class_prior="uniform")
    before = start_state(model(), settings, FABRIC)
    state, taught, _, _ = one_step(settings)
    for moved, said in zip(state.memory.predicted, (taught.image, taught.point), strict=True):
        torch.testing.assert_close(moved, MOMENTUM / N_CLASSES + (1 - MOMENTUM) * said.mean(0))
    plain, taught, _, _ = one_step(settings_of(labels={"rule": "image_only"}))
    expected = updated_fusion(before.fusion, taught.image, taught.point, MOMENTUM)
    for found, wanted in zip(plain.fusion, expected, strict=True):
        torch.testing.assert_close(found, wanted)


def test_a_prior_is_the_mean_of_what_gave_the_labels() -> None:
    """Images teach both: points have their own prediction in it where it named the same class."""
    state, taught, _, result = one_step(settings_of(labels={"rule": "image_only"}, class_prior="teacher"))
    label = result.pseudo_labels.point_label
    assert torch.equal(label, taught.image.argmax(-1)) and not torch.equal(label, taught.point.argmax(-1))
    gave = [
        point if point.argmax() == label else image
        for image, point, label in zip(taught.image, taught.point, label, strict=True)
    ]
    expected = torch.stack([taught.image.mean(0), torch.stack(gave).mean(0)])
    torch.testing.assert_close(state.class_prior, MOMENTUM / N_CLASSES + (1 - MOMENTUM) * expected)


def test_prototypes_move_by_the_labels_that_are_kept_alone() -> None:
    start = start_state(model(), settings_of(), FABRIC).memory.prototypes
    for threshold, moves in ((1.0, False), (0.0, True)):
        labels = {"rule": "separate", "prototypes": 1.0, "threshold_image": threshold, "threshold_point": threshold}
        moved = (one_step(settings_of(labels=labels))[0].memory.prototypes - start).abs().amax((1, 2))
        assert [bool(distance > 1e-5) for distance in moved] == [moves, moves]


@pytest.mark.parametrize("prior", ["uniform", "teacher", "joint"])
def test_losses_of_several_views_and_of_each_prior(prior: str) -> None:
    # Random models give many objects one label, which would leave nothing to contrast.
    arithmetic = default_settings().arithmetic.model_copy(update={"contrast_negatives": "all"})
    settings = settings_of(labels={"rule": "separate"}, class_prior=prior, arithmetic=arithmetic)
    state, _, output, result = one_step(settings)
    image, point = output.image, output.point
    wanted: list[Tensor | None] = [None, None]
    if prior != "uniform":
        wanted = list(state.class_prior) if prior == "teacher" else [class_frequencies(state.fusion)] * 2
    for modality, said, expected in zip(("image", "point"), (image, point), wanted, strict=True):
        torch.testing.assert_close(result.losses[f"fairness_{modality}"], fairness(said.logits, expected))
    labels = result.pseudo_labels
    each = [
        -image.logits[view].log_softmax(-1)[labels.image_label[view // N_VIEWS]] for view in range(len(image.logits))
    ]
    torch.testing.assert_close(result.losses["ce_image"], torch.stack(each).mean())
    of_objects = functional.normalize(image.embedding.unflatten(0, (N_OBJECTS, N_VIEWS)).sum(1), dim=-1)
    contrast = symmetric_contrast(of_objects @ point.embedding.T, None, arithmetic.contrast_temperature)
    torch.testing.assert_close(result.losses["cross"], settings.loss_weights.cross * contrast)


def test_rates_and_the_teachers_decay_are_those_of_the_step_that_is_made() -> None:
    settings = settings_of(ema_init=0.0, ema_warmup_steps=10, warmup_epochs=0.0, layer_decay=0.5)
    state, *_ = one_step(settings)
    assert state.step == 1
    for mean, new in zip(state.teacher.parameters(), state.model.parameters(), strict=True):
        assert torch.equal(mean, new), "decay 0 at first"
    groups = state.optimizer.param_groups
    assert len({group["lr_scale"] for group in groups}) > 2
    for group in groups:
        assert group["lr"] == pytest.approx(settings.learning_rate * group["lr_scale"])
