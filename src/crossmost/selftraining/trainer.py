"""The self-training loop."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from crossmost.collection import Collection
from crossmost.errors import CrossmostError
from crossmost.models.attention import fastest_attention
from crossmost.models.joint import JointModel
from crossmost.selftraining.image_augmentation import ImageAugmentation
from crossmost.selftraining.masking import image_block_mask, point_region_mask
from crossmost.selftraining.point_augmentation import strong_points, weak_points
from crossmost.selftraining.pseudo_labels import PseudoLabels, make_pseudo_labels
from crossmost.selftraining.schedule import ema_decay, learning_rate, parameter_groups
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.step import Batch, Student, self_training_losses, step_report, teach
from crossmost.selftraining.teacher import make_teacher, update_teacher


@dataclass(frozen=True)
class SelfTrainingResult:
    """What self-training leaves behind.

    Attributes:
        teacher: the adapted model, in eval mode.
        log: one row per step: every loss term, kept share, agreement, entropies, learning rate, teacher decay.
        pseudo_labels: one row per object and epoch: the labels trained on and whether they were kept.
    """

    teacher: JointModel
    log: pd.DataFrame
    pseudo_labels: pd.DataFrame


def epoch_batches(n_objects: int, batch_size: int, generator: torch.Generator) -> Iterator[np.ndarray]:
    """Row indices of one shuffled pass; a last, smaller batch is left out."""
    order = torch.randperm(n_objects, generator=generator).numpy()
    for first in range(0, n_objects - batch_size + 1, batch_size):
        yield order[first : first + batch_size]


class _Batches:
    """Draws views, augments and masks; everything follows from (seed, epoch, step)."""

    def __init__(self, model: JointModel, augment: ImageAugmentation, data: Collection, settings: SelfTrainingSettings):
        self.tower, self.grid = model.point_tower, model.image_tower.grid_size
        self.augment, self.data, self.settings = augment, data, settings

    def make(self, rows: np.ndarray, generator: torch.Generator) -> Batch:
        settings, data = self.settings, self.data
        k = settings.views_per_object
        order = torch.rand(len(rows), data.views.shape[1], generator=generator).argsort(1)[:, :k].numpy()
        views = data.views[rows[:, None], order].reshape(-1, *data.views.shape[2:])
        augmentation_seed = int(torch.randint(2**31, (), generator=generator))
        weak_views, strong_views = self.augment(views, augmentation_seed)
        clouds = self._draw_points(torch.from_numpy(data.clouds[rows]), generator)
        weak = weak_points(clouds, settings.point_augmentation, generator)
        strong = strong_points(clouds, settings.point_augmentation, generator)
        start = torch.randint(strong.shape[1], (len(rows),), generator=generator)
        neighborhoods, centers = self.tower.group(strong, start)
        return Batch(
            weak_views=weak_views,
            strong_views=strong_views,
            weak_clouds=weak,
            image_mask=image_block_mask(
                len(views), self.grid, settings.image_mask_block, settings.image_mask_ratio, generator
            ),
            point_neighborhoods=neighborhoods,
            point_centers=centers,
            point_mask=point_region_mask(centers, settings.point_mask_ratio, generator),
        )

    def _draw_points(self, clouds: Tensor, generator: torch.Generator) -> Tensor:
        count = min(self.settings.n_points, clouds.shape[1])
        order = torch.rand(clouds.shape[:2], generator=generator).argsort(1)[:, :count]
        return clouds.gather(1, order.unsqueeze(-1).expand(-1, -1, 3))


def self_train(
    model: JointModel,
    data: Collection,
    settings: SelfTrainingSettings,
    *,
    image_mean: tuple[float, ...],
    image_std: tuple[float, ...],
    title: str = "self-training",
) -> SelfTrainingResult:
    """Adapt a joint model to an unlabeled collection.

    Args:
        model: the student's start; changed in place.
        data: adaptation objects.
        image_mean, image_std: normalization of the image tower.
        title: text of the progress bar.

    Raises:
        CrossmostError: if there are fewer than two objects, or the loss stops being a number.
    """
    if len(data) < 2:
        raise CrossmostError(f"self-training needs at least 2 usable objects, got {len(data)}; see quarantine.csv")
    fabric = Fabric(accelerator="auto", devices=1, precision=settings.precision)
    torch.manual_seed(settings.seed)  # stochastic depth draws from the global generator
    teacher = make_teacher(model)
    optimizer = torch.optim.AdamW(parameter_groups(model, settings), betas=(0.9, 0.999))
    model.point_tower.encoder.requires_grad_(False)
    student, fabric_optimizer = fabric.setup(Student(model, settings), optimizer)
    teacher = teacher.to(fabric.device)
    size = model.image_tower.visual.image_size[0]
    augment = ImageAugmentation(settings.image_augmentation, size, image_mean, image_std)
    batches = _Batches(model, augment, data, settings)
    batch_size = min(settings.batch_size, len(data))
    steps_per_epoch = max(1, len(data) // batch_size)
    total = settings.epochs * steps_per_epoch
    warmup = round(settings.warmup_epochs * steps_per_epoch)

    rows_of_log: list[dict[str, Tensor | float]] = []
    recorded: list[pd.DataFrame] = []
    step = 0
    student.train()
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns) as progress, fastest_attention(fabric.device):
        task = progress.add_task("", total=total)
        for epoch in range(settings.epochs):
            # A generator per epoch, not one for the run: an epoch can be replayed without those before it.
            generator = torch.Generator().manual_seed(settings.seed * 100_003 + epoch)
            for picked in epoch_batches(len(data), batch_size, generator):
                batch = fabric.to_device(batches.make(picked, generator))
                rate = learning_rate(step, total, warmup, settings.learning_rate, settings.final_learning_rate)
                for group in optimizer.param_groups:
                    group["lr"] = rate * group["lr_scale"]
                with fabric.autocast():
                    taught = teach(teacher, batch, settings.views_per_object)
                labels = make_pseudo_labels(
                    taught.image_probabilities, taught.point_probabilities, settings.pseudo_labels, generator
                )
                losses = self_training_losses(student(batch), labels, settings)
                loss = torch.stack(list(losses.values())).sum()
                fabric_optimizer.zero_grad()
                fabric.backward(loss)
                fabric_optimizer.step()
                decay = ema_decay(step, settings.ema_init, settings.ema_final, settings.ema_warmup_steps)
                update_teacher(teacher, model, decay)
                terms = {name: value.detach() for name, value in losses.items()}
                report = step_report(taught, labels)
                schedules = {"learning_rate": rate, "ema_decay": decay}
                rows_of_log.append(
                    {"step": step, "epoch": epoch, "loss": loss.detach(), **terms, **report, **schedules}
                )
                recorded.append(_record(data, picked, epoch, labels))
                step += 1
                progress.advance(task)
            last = rows_of_log[-1]
            if not np.isfinite(float(last["loss"])):
                raise CrossmostError(
                    f"the self-training loss became {float(last['loss'])} in epoch {epoch}; "
                    "lower the learning rate or use precision 32-true"
                )
            progress.update(
                task,
                description=f"loss {float(last['loss']):.2f}, kept {float(last['kept_share']):.0%}, "
                f"agreement {float(last['agreement']):.0%}",
            )
    log = pd.DataFrame([{name: float(value) for name, value in row.items()} for row in rows_of_log])
    log = log.astype({"step": int, "epoch": int})
    return SelfTrainingResult(teacher.eval(), log, pd.concat(recorded, ignore_index=True))


def _record(data: Collection, rows: np.ndarray, epoch: int, labels: PseudoLabels) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "epoch": epoch,
            "object_id": [data.object_ids[row] for row in rows],
            "label_image": labels.image_label.cpu().numpy(),
            "label_point": labels.point_label.cpu().numpy(),
            "kept_image": labels.image_keep.cpu().numpy(),
            "kept_point": labels.point_keep.cpu().numpy(),
            "confidence_image": labels.image_confidence.float().cpu().numpy(),
            "confidence_point": labels.point_confidence.float().cpu().numpy(),
        }
    )
