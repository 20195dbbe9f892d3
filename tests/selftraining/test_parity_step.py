"""From settings to loss terms: with the options of `conf/paper`, student and losses give the recorded numbers."""

from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional

from crossmost.models.joint import JointModel, JointOutput, ModalityOutput
from crossmost.selftraining.losses import symmetric_contrast
from crossmost.selftraining.objective import self_training_losses
from crossmost.selftraining.pseudo_labels import PseudoLabels, Supervision
from crossmost.selftraining.schedule import Schedule
from crossmost.selftraining.settings import ArithmeticSettings, SelfTrainingSettings
from crossmost.selftraining.step import Batch, TrainingState, assemble_batch
from crossmost.selftraining.trainer import start_state
from tests.models.test_joint_parity import IMAGE, POINT, small_model
from tests.selftraining.small_run import default_settings

FABRIC = Fabric(accelerator="cpu", devices=1)
LABELS, KEPT = [0, 1, 1, 2], [True, True, True, False]

TERMS_OF: dict[str, set[str]] = {
    "masked_pass": {"ce_image", "ce_point", "fairness_image", "fairness_point", "cross"},
    "image_modeling_divisor": {"mim_image"},
    "point_modeling_target": {"mim_point"},
    "point_modeling_divisor": {"mim_point"},
    "point_alignment_anchor": {"align_point"},
    "contrast_temperature": {"cross"},
    "contrast_negatives": {"cross"},
    "contrast_scope": set(),  # one process: see below
    "mini_pointnet_statistics": {"ce_point", "fairness_point", "mim_point", "align_point", "cross"},
}
"""Terms that each arithmetic choice has a part in."""


@pytest.fixture(scope="module")
def paper() -> SelfTrainingSettings:
    return default_settings("paper")


def with_arithmetic(settings: SelfTrainingSettings, **changes: Any) -> SelfTrainingSettings:
    return settings.model_copy(update={"arithmetic": settings.arithmetic.model_copy(update=changes)})


def model() -> JointModel:
    """The recorded towers, with projections and a classifier."""
    small, generator = small_model(torch.float32), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in (small.classifier, small.point_projection, small.image_tower.projection):
            parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    return small


def recorded_batch(small: JointModel) -> Batch:
    images, clouds = torch.tensor(IMAGE["images"]), torch.tensor(POINT["pts"])
    start = torch.zeros(4, dtype=torch.long)
    return assemble_batch(
        small.point_tower,
        weak_views=images,
        strong_views=images,
        weak_clouds=clouds,
        strong_clouds=clouds,
        weak_start=start,
        strong_start=start,
        image_mask=torch.tensor(IMAGE["mask"]).flatten(1).bool(),
        point_mask=torch.tensor(POINT["start0/mask"]),
    )


def losses_of(settings: SelfTrainingSettings) -> tuple[dict[str, Tensor], TrainingState]:
    """Terms of the recorded inputs, and the state whose student gave them."""
    state = start_state(model(), settings, FABRIC)
    labels, kept = torch.tensor(LABELS), torch.tensor(KEPT)
    pseudo_labels = PseudoLabels(labels, labels, kept, kept, torch.ones(4), torch.ones(4))
    taught = Supervision(labels, labels, kept.float(), kept.float())
    output = state.student(recorded_batch(state.model))
    return self_training_losses(output, pseudo_labels, taught, None, settings, FABRIC), state


@torch.no_grad()
def expected_embeddings(small: JointModel, image_feature: str, point_feature: str) -> dict[str, Tensor]:
    """Unit embeddings of recorded features, in double precision."""
    image, point = torch.tensor(IMAGE[image_feature]).double(), torch.tensor(POINT[point_feature]).double()
    return {
        "image": functional.normalize(image @ small.image_tower.projection, dim=-1),
        "point": functional.normalize(point @ small.point_projection, dim=-1),
    }


def expected_losses(image_feature: str, point_feature: str) -> dict[str, float]:
    """Terms from recorded features, tokens and masked losses, in double precision; weights of `conf/paper`."""
    small = model().double()
    embeddings = expected_embeddings(small, image_feature, point_feature)
    with torch.no_grad():
        expected = {}
        for modality, embedding in embeddings.items():
            probabilities = (np.exp(3.2) * embedding @ small.classifier).softmax(-1)
            right = probabilities[torch.arange(4), torch.tensor(LABELS)]
            expected[f"ce_{modality}"] = -float(right[torch.tensor(KEPT)].log().mean())
            expected[f"fairness_{modality}"] = -float(probabilities.mean(0).log().mean())
        cosines = embeddings["image"] @ embeddings["point"].T
        directions = (cosines.softmax(0), cosines.softmax(1))
        expected["cross"] = -float(sum(direction.diagonal().log().mean() for direction in directions))
        hidden = torch.tensor(IMAGE["mask"]).flatten(1).bool()
        masked = torch.tensor(IMAGE["masked/features"]).double() @ small.image_tower.projection
        tokens = torch.tensor(IMAGE["masked/x_patch"]).double() @ small.image_tower.projection
        apart = functional.normalize(tokens, dim=-1) - functional.normalize(masked, dim=-1).unsqueeze(1)
        expected["align_image"] = 0.2 * float(apart.square().sum(-1)[hidden].mean())
    expected["align_point"] = 0.2 * float(POINT["start0/train/masked/loss_align"].mean())
    expected["mim_image"] = float(IMAGE["masked/loss_mim"])
    expected["mim_point"] = float(POINT["start0/train/masked/loss_mim"])
    return expected


def test_losses_of_the_paper_are_those_of_the_recorded_numbers(paper: SelfTrainingSettings) -> None:
    losses, state = losses_of(paper)
    found = {name: loss.item() for name, loss in losses.items()}
    assert found == pytest.approx(expected_losses("masked/features", "start0/train/masked/features"), rel=1e-5)
    for name, buffer in state.model.point_tower.named_buffers():
        np.testing.assert_allclose(buffer, POINT[f"start0/train/masked/bn_after/{name}"], atol=1e-5, err_msg=name)


def test_one_call_gives_the_logits_between_modalities(paper: SelfTrainingSettings) -> None:
    state = start_state(model(), paper, FABRIC)
    output = state.student(recorded_batch(state.model))
    embeddings = expected_embeddings(model().double(), "masked/features", "start0/train/masked/features")
    cosines = embeddings["image"] @ embeddings["point"].T
    torch.testing.assert_close(output.cross_modal_logits().double(), cosines, atol=2e-5, rtol=0)
    torch.testing.assert_close(output.cross_modal_logits(0.07), output.cross_modal_logits() / 0.07)


def test_an_unmasked_pass_of_its_own_gives_the_recorded_unmasked_numbers(paper: SelfTrainingSettings) -> None:
    losses, _ = losses_of(with_arithmetic(paper, masked_pass="own"))
    found = {name: loss.item() for name, loss in losses.items()}
    assert found == pytest.approx(expected_losses("unmasked/features", "start0/train/unmasked/features"), rel=1e-5)


@pytest.mark.parametrize("option", TERMS_OF)
def test_each_choice_reaches_its_terms_alone(option: str, paper: SelfTrainingSettings) -> None:
    default = getattr(default_settings().arithmetic, option)
    assert default != getattr(paper.arithmetic, option)
    released, _ = losses_of(paper)
    changed, _ = losses_of(with_arithmetic(paper, **{option: default}))
    assert {name for name, loss in released.items() if not torch.equal(loss, changed[name])} == TERMS_OF[option]


def test_choices_without_a_term_reach_the_optimizer_and_the_schedule(paper: SelfTrainingSettings) -> None:
    without = {"decay_logit_scale", "warmup_start"}
    assert TERMS_OF.keys() | without == set(ArithmeticSettings.model_fields)
    for decays in (True, False):
        state = start_state(model(), with_arithmetic(paper, decay_logit_scale=decays), FABRIC)
        groups = state.optimizer.param_groups
        decay = next(g["weight_decay"] for g in groups if any(p is state.model.logit_scale for p in g["params"]))
        assert decay == (paper.weight_decay if decays else 0.0)
    for start in (0.0, 0.5):
        schedule = Schedule(with_arithmetic(paper, warmup_start=start), steps_per_epoch=5)
        assert schedule.learning_rate(0) == start * paper.learning_rate


class SecondOfTwo(Fabric):
    """Fabric as the second of two processes sees it, whose first has gathered rows of its own."""

    def __init__(self, others: dict[int, Tensor]) -> None:
        super().__init__(accelerator="cpu", devices=1)
        self.others = others

    @property
    def world_size(self) -> int:
        return 2

    @property
    def global_rank(self) -> int:
        return 1

    def all_gather(self, data: Any, group: Any = None, sync_grads: bool = False) -> Any:
        return torch.stack([self.others.get(id(data), torch.zeros_like(data)), data])


@pytest.mark.parametrize("negatives", ["all", "other_labels"])
def test_local_contrast_sees_its_own_process_alone(negatives: str, paper: SelfTrainingSettings) -> None:
    generator = torch.Generator().manual_seed(0)
    image, point, other_image, other_point = functional.normalize(
        torch.randn(4, 6, 8, generator=generator), dim=-1
    ).unbind()
    logits = torch.randn(6, 10, generator=generator)
    labels = torch.randint(0, 3, (12,), generator=generator)  # of both processes
    everything = torch.ones(12)
    pseudo_labels = PseudoLabels(labels, labels, everything.bool(), everything.bool(), everything, everything)
    taught = Supervision(labels, labels, everything, everything)
    output = JointOutput(ModalityOutput(logits, image, None), ModalityOutput(logits, point, None))
    fabric = SecondOfTwo({id(image): other_image, id(point): other_point})

    def found(scope: str) -> Tensor:
        settings = with_arithmetic(paper, contrast_scope=scope, contrast_negatives=negatives)
        return self_training_losses(output, pseudo_labels, taught, None, settings, fabric)["cross"]

    def same(values: Tensor) -> Tensor | None:
        return torch.stack([values, values]) if negatives == "other_labels" else None

    torch.testing.assert_close(found("local"), symmetric_contrast(image @ point.T, same(labels[6:]), 1.0))
    of_all = torch.cat([other_image, image]) @ torch.cat([other_point, point]).T
    torch.testing.assert_close(found("global"), symmetric_contrast(of_all, same(labels), 1.0))
    assert not torch.isclose(found("local"), found("global"))
