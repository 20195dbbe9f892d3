"""The self-training run: launch, loop, resume, selection."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from crossmost.collection import Collection
from crossmost.errors import CrossmostError
from crossmost.models.attention import fastest_attention
from crossmost.models.compilation import compiled_blocks
from crossmost.models.host_memory import freed_memory_kept
from crossmost.models.joint import JointModel
from crossmost.models.joint_prediction import Fusion, neutral_fusion
from crossmost.models.point_tower import PointTower
from crossmost.models.scoring import learn_fusion
from crossmost.progress import show_progress
from crossmost.selftraining.image_augmentation import ImageAugmentation
from crossmost.selftraining.label_memory import LabelMemory, new_memory
from crossmost.selftraining.launch import launch
from crossmost.selftraining.objects import AugmentedObjects, BatchPlan, derived_seed, loader_workers, make_loader
from crossmost.selftraining.recorded_gradients import RecordedGradients
from crossmost.selftraining.recording import Recorder
from crossmost.selftraining.result import SelfTrainingResult, Weights
from crossmost.selftraining.resume import RunCheckpoint, run_fingerprint
from crossmost.selftraining.schedule import Schedule, parameter_groups
from crossmost.selftraining.selection import Selection
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.step import Batch, Student, TrainingState, training_step
from crossmost.selftraining.teacher import copy_weights, make_teacher
from crossmost.selftraining.weight_ensemble import weight_ensemble

logger = logging.getLogger(__name__)


def self_train(
    model: JointModel,
    data: Collection,
    settings: SelfTrainingSettings,
    *,
    image_mean: tuple[float, ...],
    image_std: tuple[float, ...],
    fusion: Fusion | None = None,
    transductive: Tensor | None = None,
    scratch: Path | None = None,
    title: str = "self-training",
) -> SelfTrainingResult:
    """Adapt a joint model to an unlabeled collection.

    Args:
        model: the student's start; changed in place unless processes are spawned.
        data: adaptation objects.
        image_mean, image_std: normalization of the image tower.
        fusion: how the model's predictions for these objects are read together; None finds it first.
        transductive: (N, 2, C) predictions of the transductive head for images and points; without them
            ``pseudo_labels.transductive_epochs`` must be 0.
        scratch: folder for checkpoints an interrupted run continues from, and for what a finished one leaves until
            `remove_finished` says that its result is saved; None writes none.
        title: text of the progress bar.

    Raises:
        CrossmostError: if there are fewer than two objects, they cannot be shared by the processes, pictures cannot be
            cut into the blocks that are to be hidden, or the loss stops being a number.
        ValueError: if the settings need ``transductive``.
    """
    if settings.pseudo_labels.transductive_epochs > 0 and transductive is None:
        raise ValueError("pseudo_labels.transductive_epochs needs the predictions of the transductive head")
    if len(data) < 2:
        raise CrossmostError(
            f"self-training needs at least 2 objects to adapt to (split adapt), got {len(data)}: add objects, hold out "
            "fewer of them (ingestion.split.test_share), or see quarantine.csv for what could not be used"
        )
    settings = _fitted(settings, len(data))
    _require_whole_blocks(model.image_tower.grid_size, settings.image_mask_block)
    size = model.image_tower.visual.image_size[0]
    augment = ImageAugmentation(settings.image_augmentation, size, image_mean, image_std)
    if fusion is None:
        fusion = learn_fusion(
            model,
            data,
            image_mean=image_mean,
            image_std=image_std,
            n_points=settings.n_points,
            batch_size=settings.batch_size,
        )
    grid, n_groups = model.image_tower.grid_size, model.point_tower.config.n_groups
    objects = AugmentedObjects(data, augment, settings, grid, n_groups, transductive)
    return launch(settings.engine, _run, model, objects, fusion, scratch, title)


def _require_whole_blocks(grid: tuple[int, int], block: int) -> None:
    if any(side % block for side in grid):
        fitting = [str(side) for side in range(1, min(grid) + 1) if not any(of_grid % side for of_grid in grid)]
        raise CrossmostError(
            f"selftraining.crossmost.image_mask_block is {block}, but this image tower sees {grid[0]}×{grid[1]} "
            f"patches, which cannot be cut into such blocks: set it to {' or '.join(fitting)}"
        )


def _fitted(settings: SelfTrainingSettings, n_objects: int) -> SelfTrainingSettings:
    """Settings whose batches a small collection can fill."""
    processes = settings.engine.devices * settings.engine.num_nodes
    largest = n_objects - n_objects % processes
    if settings.batch_size % processes or not largest:
        raise CrossmostError(
            f"batch_size {settings.batch_size} and {n_objects} objects cannot be shared by {processes} devices; "
            "batch_size must be a multiple of engine.devices × engine.num_nodes"
        )
    batch_size = min(settings.batch_size, largest)
    accumulate = min(settings.accumulate, n_objects // batch_size)
    return settings.model_copy(update={"batch_size": batch_size, "accumulate": accumulate})


def _run(
    fabric: Fabric,
    model: JointModel,
    objects: AugmentedObjects,
    fusion: Fusion,
    scratch: Path | None,
    title: str,
) -> SelfTrainingResult | None:
    """The run in one process, or what it left if it is finished; the first of several processes returns the result."""
    settings, data = objects.settings, objects.data
    # The first process alone reads and writes it: other machines may not have the file, or not yet the same.
    checkpoint = None
    if scratch is not None and fabric.is_global_zero:
        run = run_fingerprint(
            model,
            data,
            settings,
            image_mean=objects.augment.mean,
            image_std=objects.augment.std,
            fusion=fusion,
            transductive=objects.transductive,
        )
        checkpoint = RunCheckpoint(scratch, run, settings.engine.checkpoint_seconds)
        _tell_of_others(checkpoint)
    start = copy_weights(model)
    record, selection = Recorder(), Selection(settings)
    finished = checkpoint.load_finished() if checkpoint is not None else None
    if not fabric.broadcast(finished is not None):
        _train(fabric, model, objects, fusion, checkpoint, record, selection, title)
        if checkpoint is not None:
            checkpoint.finish({"record": record.state_dict(), "selection": selection.state_dict()})
    elif finished is not None:
        logger.info("%s was finished before", title)
        record.load_state_dict(finished["record"])
        selection.load_state_dict(finished["selection"])
    if not fabric.is_global_zero:
        return None

    def result_of(adapted: Weights) -> Weights:
        return weight_ensemble(start, adapted, settings.adapted_share)

    return SelfTrainingResult(
        teacher=result_of(selection.selected),
        selected_epoch=selection.selected_epoch,
        snapshots=[(epoch, result_of(weights)) for epoch, weights in selection.snapshots],
        log=record.log_table(),
        pseudo_labels=record.pseudo_label_table(data.object_ids),
    )


def _tell_of_others(checkpoint: RunCheckpoint) -> None:
    if others := checkpoint.of_others():
        logger.info(
            "%s holds %d checkpoint(s) of stopped runs with other settings, objects, weights or code (%.1f GB): delete "
            "them if none of those runs is to go on",
            others[0].parent,
            len(others),
            sum(path.stat().st_size for path in others) / 1e9,
        )


def _train(
    fabric: Fabric,
    model: JointModel,
    objects: AugmentedObjects,
    fusion: Fusion,
    checkpoint: RunCheckpoint | None,
    record: Recorder,
    selection: Selection,
    title: str,
) -> None:
    """All steps, or those that are left; `record` and `selection` follow them."""
    settings, data = objects.settings, objects.data
    if settings.point_drop_path is not None:
        set_stochastic_depth(model, settings.point_drop_path)
    state = start_state(model, settings, fabric, fusion)
    if (saved := fabric.broadcast(checkpoint.load() if checkpoint is not None else None)) is not None:
        _restore(saved, state, record, selection)
    per_epoch = len(data) // (settings.batch_size * settings.accumulate)
    schedule = Schedule(settings, per_epoch)
    plan = BatchPlan(
        data.storage_blocks(),
        batch_size=settings.batch_size,
        per_epoch=per_epoch * settings.accumulate,
        epochs=settings.epochs,
        seed=settings.seed,
    )
    loader = make_loader(
        objects,
        model.point_tower,
        plan,
        first=state.step * settings.accumulate,
        rank=fabric.global_rank,
        world_size=fabric.world_size,
        workers=loader_workers(settings.engine, fabric.device),
        pin_memory=fabric.device.type == "cuda",
    )
    is_recorded = settings.engine.cuda_graph and fabric.device.type == "cuda" and fabric.world_size == 1
    gradients = RecordedGradients(state, settings, fabric) if is_recorded else None
    batches: Iterator[Batch] = iter(cast(Any, fabric.setup_dataloaders(loader, use_distributed_sampler=False)))
    with (
        show_progress(title, schedule.total_steps, "steps", done=state.step, shown=fabric.is_global_zero) as progress,
        fastest_attention(fabric.device),
        freed_memory_kept(fabric.device),
        compiled_blocks(model, state.teacher, enabled=settings.engine.compile),
    ):
        while state.step < schedule.total_steps:
            step = state.step
            planned = [plan[step * settings.accumulate + number] for number in range(settings.accumulate)]
            epoch = planned[0][0]
            drawn = [next(batches) for _ in planned]
            # Stochastic depth draws from the global generator; seeded by step, a resumed run draws the same. Not before
            # the batches are there, since a loader draws too when it starts.
            torch.manual_seed(derived_seed(settings.seed, step, fabric.global_rank))
            result = training_step(state, drawn, settings, schedule, fabric, gradients)
            schedules = {"learning_rate": schedule.learning_rate(step), "ema_decay": schedule.ema_decay(step)}
            record.append(epoch, [row for _, rows in planned for row in rows], result, **schedules)
            if state.step % per_epoch == 0:
                _require_finite(record, epoch)
                selection.after_epoch(epoch, record, state.teacher)
                record.read()
            if checkpoint is not None and checkpoint.is_due():
                checkpoint.save(_saved(state, record, selection))
            progress.advance(note=lambda: _headline(record))


def set_stochastic_depth(model: JointModel, rate: float) -> None:
    """Let training skip blocks of the point tower; not a part of `start_state`, with which steps can be replayed.

    Raises:
        CrossmostError: if the point tower is none of Point-BERT.
    """
    if not isinstance(model.point_tower, PointTower):
        raise CrossmostError(
            f"point_drop_path is of Point-BERT towers, and this one is a {type(model.point_tower).__name__}; set "
            "selftraining.crossmost.point_drop_path to null"
        )
    model.point_tower.set_drop_path(rate)


def start_state(
    model: JointModel, settings: SelfTrainingSettings, fabric: Fabric, fusion: Fusion | None = None
) -> TrainingState:
    """Student, teacher and optimizer before the first step.

    Args:
        model: its mini-PointNet is frozen here, and its classifier if that does not learn.
        fusion: how both predictions are read together at first; None takes them as they are.
    """
    model.batch_statistics = settings.arithmetic.mini_pointnet_statistics == "batch"
    model.point_tower.encoder.requires_grad_(False)
    model.classifier.requires_grad_(settings.classifier_learning_rate > 0)
    model.image_tower.set_gradient_checkpointing(settings.engine.gradient_checkpointing)
    optimizer = torch.optim.AdamW(
        parameter_groups(model, settings),
        lr=settings.learning_rate,
        betas=(0.9, 0.999),
        eps=1e-8,
        fused=True if fabric.device.type == "cuda" else None,  # one kernel for many tensors
    )
    student, fabric_optimizer = fabric.setup(Student(model, settings), optimizer)
    student.train()
    teacher = make_teacher(model)
    n_classes = model.classifier.shape[1]
    prior = torch.full((2, n_classes), 1 / n_classes, device=fabric.device)
    if fusion is None:
        fusion = neutral_fusion(n_classes)
    on_device = Fusion(*(value.to(fabric.device) for value in fusion))
    memory = new_memory(model.classifier)
    return TrainingState(model, student, teacher, fabric_optimizer, prior, on_device, memory)


def _saved(state: TrainingState, record: Recorder, selection: Selection) -> dict[str, Any]:
    return {
        "step": state.step,
        "model": state.model.state_dict(),
        "teacher": state.teacher.state_dict(),
        "optimizer": state.optimizer.state_dict(),
        "class_prior": state.class_prior,
        "fusion": tuple(state.fusion),
        "memory": tuple(state.memory),
        "record": record.state_dict(),
        "selection": selection.state_dict(),
    }


def _restore(saved: dict[str, Any], state: TrainingState, record: Recorder, selection: Selection) -> None:
    state.step = saved["step"]
    state.model.load_state_dict(saved["model"])
    state.teacher.load_state_dict(saved["teacher"])
    state.optimizer.load_state_dict(saved["optimizer"])
    state.class_prior.copy_(saved["class_prior"])
    state.fusion = Fusion(*(value.to(state.class_prior) for value in saved["fusion"]))
    state.memory = LabelMemory(*(value.to(state.memory.labeled) for value in saved["memory"]))
    record.load_state_dict(saved["record"])
    selection.load_state_dict(saved["selection"])


def _require_finite(record: Recorder, epoch: int) -> None:
    loss = record.last("loss")
    if not np.isfinite(loss):
        raise CrossmostError(
            f"the self-training loss became {loss} in epoch {epoch}; lower the learning rate or use precision 32-true"
        )


def _headline(record: Recorder) -> str:
    kept, agreement = record.last("kept_share"), record.last("agreement")
    return f"loss {record.last('loss'):.2f}, kept {kept:.0%}, agreement {agreement:.0%}"
