"""One self-training step: a function of state, batch and settings alone (docs/replay.md shows how to call it).

state + batch → teacher's probabilities → pseudo-labels → student's losses → optimizer → teacher's moving average.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from crossmost.models.joint import JointModel, JointOutput
from crossmost.models.joint_prediction import Fusion, class_frequencies, updated_fusion
from crossmost.models.point_towers import AnyPointTower
from crossmost.selftraining.label_memory import (
    LabelMemory,
    balanced,
    near_prototypes,
    remember_embeddings,
    remember_labels,
    remember_predictions,
)
from crossmost.selftraining.objective import gather_rows, self_training_losses
from crossmost.selftraining.pseudo_labels import (
    PseudoLabels,
    Supervision,
    choose_targets,
    make_pseudo_labels,
    supervision,
    weigh,
)
from crossmost.selftraining.schedule import Schedule
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.teacher import update_teacher


class Batch(NamedTuple):
    """B objects with t weak and k strong views each. A tuple, because Fabric rebuilds containers to convert them.

    Attributes:
        weak_views: (B·t, 3, S, S) and strong_views (B·k, 3, S, S), normalized, the views of one object adjacent.
        weak_neighborhoods, weak_centers: the weak clouds, cut into groups.
        strong_neighborhoods, strong_centers: the strong clouds, cut into groups.
        image_mask: (B·k, P) bool.
        point_mask: (B, G) bool.
        coin: (B,) bool, the flips of the ``random`` rule.
        transductive: (B, 2, C) predictions for images and points that labels are made of at first; C is 0 if none are.
    """

    weak_views: Tensor
    strong_views: Tensor
    weak_neighborhoods: Tensor
    weak_centers: Tensor
    strong_neighborhoods: Tensor
    strong_centers: Tensor
    image_mask: Tensor
    point_mask: Tensor
    coin: Tensor
    transductive: Tensor


def assemble_batch(
    tower: AnyPointTower,
    *,
    weak_views: Tensor,
    strong_views: Tensor,
    weak_clouds: Tensor,
    strong_clouds: Tensor,
    weak_start: Tensor,
    strong_start: Tensor,
    image_mask: Tensor,
    point_mask: Tensor | Callable[[Tensor], Tensor],
    coin: Tensor | None = None,
    transductive: Tensor | None = None,
) -> Batch:
    """A batch from augmented views and clouds, masks and farthest-point-sampling starts.

    Args:
        weak_clouds, strong_clouds: (B, N, 3 or 6).
        weak_start, strong_start: (B,) int64, the first sampled point of each cloud.
        point_mask: (B, G) bool, or how to make it from the centers (B, G, 3) of the strong clouds.
        coin: heads (the image) for all when None.
        transductive: see `Batch`; none when None.
    """
    weak = tower.group(weak_clouds, weak_start)
    strong = tower.group(strong_clouds, strong_start)
    mask = point_mask if isinstance(point_mask, Tensor) else point_mask(strong[1])
    heads = torch.ones(len(weak_clouds), dtype=torch.bool) if coin is None else coin
    given = weak_clouds.new_empty(len(weak_clouds), 2, 0) if transductive is None else transductive
    return Batch(weak_views, strong_views, *weak, *strong, image_mask, mask, heads, given)


@dataclass
class TrainingState:
    """Everything that one step changes.

    Attributes:
        model: the student's weights.
        student: the same module behind `Student` and the wrapper of `Fabric.setup`.
        class_prior: (2, C) running mean of the predictions that images and points learned from.
        fusion: how the teacher's predictions of both modalities are read together, a running mean.
        memory: running statistics of predictions and labels.
        step: how many steps have been made.
    """

    model: JointModel
    student: Any
    teacher: JointModel
    optimizer: Optimizer
    class_prior: Tensor
    fusion: Fusion
    memory: LabelMemory
    step: int = 0


class Teaching(NamedTuple):
    """What the teacher says of a batch.

    Attributes:
        image, point: (B, C) probabilities; images: mean over an object's views.
        image_embedding, point_embedding: (B, E) of unit length.
    """

    image: Tensor
    point: Tensor
    image_embedding: Tensor
    point_embedding: Tensor


class StepResult(NamedTuple):
    """Detached results of one step, of the batches of all processes.

    Attributes:
        losses: name → weighted term; their sum is what was minimized.
        report: name → label-free fact worth watching: kept shares, agreement, entropies, class marginals (C,).
        pseudo_labels: of all objects.
    """

    losses: dict[str, Tensor]
    report: dict[str, Tensor]
    pseudo_labels: PseudoLabels


class Student(nn.Module):
    """The student's passes behind one ``forward``, as launchers of several processes need it."""

    def __init__(self, model: JointModel, settings: SelfTrainingSettings) -> None:
        super().__init__()
        self.model = model
        self.shared_pass = settings.arithmetic.masked_pass == "shared"
        needed = settings.loss_weights.modeling > 0 or settings.loss_weights.alignment > 0
        self.masks = needed or self.shared_pass
        self.point_target = settings.arithmetic.point_modeling_target
        self.point_anchor = settings.arithmetic.point_alignment_anchor

    def forward(self, batch: Batch) -> JointOutput:
        """All student passes of a batch."""
        return self.model(
            batch.strong_views,
            batch.strong_neighborhoods,
            batch.strong_centers,
            batch.image_mask if self.masks else None,
            batch.point_mask if self.masks else None,
            shared_pass=self.shared_pass,
            point_target=self.point_target,
            point_anchor=self.point_anchor,
        )


@torch.no_grad()
def teach(teacher: JointModel, batch: Batch) -> Teaching:
    """The teacher's predictions on weak views and clouds, without masks."""
    image_embedding = teacher.embed_image(batch.weak_views)
    tokens = teacher.point_tower.tokenize(batch.weak_neighborhoods)
    point_embedding = teacher.embed_tokens(tokens, batch.weak_centers)
    point = _probabilities(teacher.logits(point_embedding))
    image = _probabilities(teacher.logits(image_embedding)).unflatten(0, (len(point), -1)).mean(1)
    mean_embedding = functional.normalize(image_embedding.unflatten(0, (len(point), -1)).mean(1), dim=-1)
    return Teaching(image, point, mean_embedding, point_embedding)


def _probabilities(logits: Tensor) -> Tensor:
    return functional.softmax(logits if logits.dtype == torch.float64 else logits.float(), dim=-1)


def compute_gradients(
    state: TrainingState, batches: Sequence[Batch], settings: SelfTrainingSettings, fabric: Fabric, given: float
) -> StepResult:
    """Gradients of one step, in the student's parameters; running statistics of the state move on, weights do not.

    Args:
        batches: see `training_step`, as for what is returned.
        given: share of the transductive head's predictions in what labels are made of, 0 to 1.
    """
    state.optimizer.zero_grad()
    results = []
    for index, batch in enumerate(batches):
        is_last = index == len(batches) - 1
        with fabric.no_backward_sync(state.student, enabled=fabric.world_size > 1 and not is_last):
            results.append(_accumulate(state, batch, settings, fabric, share=1 / len(batches), given=given))
    return results[0] if len(results) == 1 else _merge(results)


def training_step(
    state: TrainingState,
    batches: Sequence[Batch],
    settings: SelfTrainingSettings,
    schedule: Schedule,
    fabric: Fabric,
    gradients: Callable[[Sequence[Batch], float], StepResult] | None = None,
) -> StepResult:
    """Make one optimizer step and one teacher update.

    Args:
        state: is changed in place.
        batches: this process's share; several are accumulated into the one step.
        schedule: learning rate and teacher decay by step.
        gradients: what does the same as `compute_gradients`, from batches and the transductive share; None is that.

    Returns:
        Mean losses and report over the batches; pseudo-labels of all of them.
    """
    rate = schedule.learning_rate(state.step)
    for group in state.optimizer.param_groups:
        group["lr"] = rate * group["lr_scale"]
    given = schedule.transductive_share(state.step)
    if gradients is None:
        result = compute_gradients(state, batches, settings, fabric, given)
    else:
        result = gradients(batches, given)
    if settings.clip_norm is not None:
        fabric.clip_gradients(state.student, state.optimizer, max_norm=settings.clip_norm)
    state.optimizer.step()
    update_teacher(state.teacher, state.model, schedule.ema_decay(state.step))
    state.step += 1
    return result


def _accumulate(
    state: TrainingState, batch: Batch, settings: SelfTrainingSettings, fabric: Fabric, *, share: float, given: float
) -> StepResult:
    """Gradients of one batch.

    Args:
        share: of the step that the batch is.
        given: see `compute_gradients`.
    """
    batch = _in_precision_of(state.teacher, batch)
    with fabric.autocast():
        taught = Teaching(*(gather_rows(values, fabric) for values in teach(state.teacher, batch)))
    both = torch.stack([taught.image, taught.point])  # (2, B, C)
    if given > 0:
        both = both.lerp(gather_rows(batch.transductive, fabric).transpose(0, 1).to(both), given)
    labels, supervised, said = _label(state, taught, both, gather_rows(batch.coin, fabric), settings)
    prior = _updated_prior(state, labels, said, settings)
    with _default_dtype(state.teacher.classifier.dtype):
        output = state.student(batch)
    losses = self_training_losses(output, labels, supervised, prior, settings, fabric)
    fabric.backward(share * torch.stack(list(losses.values())).sum())
    detached = {name: value.detach() for name, value in losses.items()}
    return StepResult(detached, step_report(taught, supervised), labels)


def _label(
    state: TrainingState, taught: Teaching, both: Tensor, coin: Tensor, settings: SelfTrainingSettings
) -> tuple[PseudoLabels, Supervision, Tensor]:
    """Labels of the batches of all processes, and the predictions (2, B, C) that gave them.

    Those running statistics of the state that the settings need move on.

    Args:
        both: (2, B, C) predictions for images and points to make labels of.
    """
    rule, momentum = settings.pseudo_labels, settings.prior_momentum
    embeddings = torch.stack([taught.image_embedding, taught.point_embedding])
    memory = state.memory
    if rule.balance:
        memory = remember_predictions(memory, both, momentum)
        both = balanced(both, memory, _expected_frequencies(state, settings))
    if rule.prototypes:
        both = near_prototypes(both, embeddings, memory, rule.prototypes)
    state.fusion = updated_fusion(state.fusion, both[0], both[1], momentum)
    choice = choose_targets(both[0], both[1], coin, rule, state.fusion)
    targets = torch.stack([choice.image_target, choice.point_target])
    if rule.weighting != "threshold":
        memory = remember_labels(memory, targets, torch.stack([choice.image_score, choice.point_score]), momentum)
    weights = weigh(choice, rule, memory)
    if rule.prototypes:
        memory = remember_embeddings(memory, embeddings, targets, torch.stack(weights), momentum)
    state.memory = memory
    return make_pseudo_labels(taught.image, taught.point, choice, weights), supervision(choice, weights, rule), both


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Fabric hands a module's outputs over in the default dtype: this keeps those of a float64 model whole."""
    previous = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(previous)


def _in_precision_of(model: JointModel, batch: Batch) -> Batch:
    dtype = model.classifier.dtype
    return Batch(*(value.to(dtype) if value.is_floating_point() else value for value in batch))


def _updated_prior(
    state: TrainingState, labels: PseudoLabels, said: Tensor, settings: SelfTrainingSettings
) -> Tensor | None:
    """Expected class frequencies (2, C): for images and points, the running mean of what gave their labels.

    Each modality's is its own prediction unless its label came from the other one, so that nothing crosses over where
    the rule lets nothing cross over.

    Args:
        said: (2, B, C) the predictions that gave the labels.
    """
    if settings.class_prior != "teacher":
        return _expected_frequencies(state, settings)
    image, point = said
    is_own_image = (labels.image_label == image.argmax(-1)).unsqueeze(1)
    is_own_point = (labels.point_label == point.argmax(-1)).unsqueeze(1)
    taught = torch.stack(
        [torch.where(is_own_image, image, point).mean(0), torch.where(is_own_point, point, image).mean(0)]
    )
    state.class_prior.lerp_(taught.to(state.class_prior), 1 - settings.prior_momentum)
    return _expected_frequencies(state, settings)


def _expected_frequencies(state: TrainingState, settings: SelfTrainingSettings) -> Tensor | None:
    """Class frequencies (2, C) for images and points; None: all equal."""
    if settings.class_prior == "uniform":
        return None
    if settings.class_prior == "teacher":
        return state.class_prior.clone()
    return class_frequencies(state.fusion).expand(2, -1)


def step_report(taught: Teaching, supervised: Supervision) -> dict[str, Tensor]:
    """Label-free facts worth watching about the teacher's predictions and the labels made of them.

    Kept shares (mean weights, where labels have weights), agreement of the modalities, mean entropy (nats) and mean
    probability of each class.
    """
    image, point = taught.image, taught.point
    kept_image, kept_point = supervised.image_weight.float().mean(), supervised.point_weight.float().mean()

    def entropy(probabilities: Tensor) -> Tensor:
        return -(probabilities * probabilities.clamp_min(1e-12).log()).sum(-1).mean()

    return {
        "kept_share": (kept_image + kept_point) / 2,
        "kept_share_image": kept_image,
        "kept_share_point": kept_point,
        "agreement": (image.argmax(-1) == point.argmax(-1)).float().mean(),
        "teacher_entropy_image": entropy(image),
        "teacher_entropy_point": entropy(point),
        "marginal_image": image.mean(0),
        "marginal_point": point.mean(0),
    }


def _merge(results: Sequence[StepResult]) -> StepResult:
    def mean(parts: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
        return {name: torch.stack([part[name] for part in parts]).mean(0) for name in parts[0]}

    labels = zip(*(result.pseudo_labels for result in results), strict=True)
    return StepResult(
        mean([result.losses for result in results]),
        mean([result.report for result in results]),
        PseudoLabels(*(torch.cat(column) for column in labels)),
    )
