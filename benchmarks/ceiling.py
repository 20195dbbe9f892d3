"""What the same towers reach with the labels of the adaptation set: the ceiling over adapting without labels.

    python -m benchmarks.ceiling --seeds 0 1 2 [--env furniture_cad]

Supervised fine-tuning with Cross-MoST's augmentation, optimizer, schedule and moving average; the loss is the
cross-entropy of the true class in both modalities. The result is what Cross-MoST's is: as far between the start and the
fine-tuned weights (`adapted_share`), and both modalities are read together as far as zero-shot predictions confirm
them. A second row has the fine-tuned weights alone. Labels are used here on purpose, by nothing else here.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from lightning_fabric import Fabric
from rich.console import Console
from torch import Tensor
from torch.nn import functional

from benchmarks.accuracy import Inputs, Run, accuracies, load_inputs, summarize
from crossmost.collection import Collection
from crossmost.models.joint import JointModel
from crossmost.models.scoring import fusion_from_scores
from crossmost.progress import show_progress
from crossmost.selftraining.image_augmentation import ImageAugmentation
from crossmost.selftraining.objects import AugmentedObjects, collate, epoch_batches
from crossmost.selftraining.result import Weights
from crossmost.selftraining.schedule import Schedule
from crossmost.selftraining.settings import AdaptedShare, SelfTrainingSettings
from crossmost.selftraining.teacher import copy_weights, update_teacher
from crossmost.selftraining.trainer import start_state
from crossmost.selftraining.weight_ensemble import weight_ensemble

AS_THE_RESULT, WHOLE = "supervised", "supervised_whole"


def fine_tune(
    model: JointModel,
    data: Collection,
    labels: Tensor,
    settings: SelfTrainingSettings,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    title: str,
) -> Weights:
    """Moving average of weights after fine-tuning on true labels.

    Args:
        model: is changed in place.
        labels: (N,) int64 class of every object of ``data``.
    """
    unmasked = settings.loss_weights.model_copy(update={"modeling": 0.0, "alignment": 0.0})
    settings = settings.model_copy(update={"loss_weights": unmasked, "batch_size": min(settings.batch_size, len(data))})
    fabric = Fabric(accelerator=settings.engine.accelerator, devices=1, precision=settings.engine.precision)
    size = model.image_tower.visual.image_size[0]
    augment = ImageAugmentation(settings.image_augmentation, size, image_mean, image_std)
    n_groups = model.point_tower.config.n_groups
    objects = AugmentedObjects(data, augment, settings, model.image_tower.grid_size, n_groups)
    state = start_state(model, settings, fabric)
    schedule = Schedule(settings, len(data) // settings.batch_size)
    with show_progress(title, schedule.total_steps, "steps") as progress:
        for epoch in range(settings.epochs):
            for rows in epoch_batches(data.storage_blocks(), settings.batch_size, settings.seed, epoch):
                batch = fabric.to_device(collate(model.point_tower, [objects[(epoch, row)] for row in rows]))
                for group in state.optimizer.param_groups:
                    group["lr"] = schedule.learning_rate(state.step) * group["lr_scale"]
                output = state.student(batch)
                truth = labels[rows].to(fabric.device)
                views = truth.repeat_interleave(len(output.image.logits) // len(truth))
                loss = functional.cross_entropy(output.image.logits.float(), views)
                loss = loss + functional.cross_entropy(output.point.logits.float(), truth)
                state.optimizer.zero_grad()
                fabric.backward(loss)
                state.optimizer.step()
                update_teacher(state.teacher, state.model, schedule.ema_decay(state.step))
                state.step += 1
                progress.advance()
    return copy_weights(state.teacher)


def run_ceiling(inputs: Inputs, seed: int) -> Iterator[dict[str, Any]]:
    """Rows (seed, method, split, view, top1, seconds) of one seed, as `benchmarks.accuracy` has them."""
    splits, truth = inputs.split(seed), inputs.truth()
    adaptation_set = inputs.adaptation_set(splits)
    run = Run(inputs, splits, AS_THE_RESULT)
    run.reliability = fusion_from_scores(run.scored(inputs.collection).scores).reliability
    start = copy_weights(run.model)
    labels = torch.from_numpy(truth.reindex(list(adaptation_set.object_ids)).to_numpy().astype("int64"))
    settings = inputs.selftraining.crossmost.model_copy(update={"seed": seed})
    data = adaptation_set.for_tower(run.model.point_tower.config.in_channels)
    mean, std = run.image_mean, run.image_std
    whole = fine_tune(run.model, data, labels, settings, mean, std, f"supervised, seed {seed}")
    for method, share in ((AS_THE_RESULT, settings.adapted_share), (WHOLE, AdaptedShare())):
        run.model.load_state_dict(weight_ensemble(start, whole, share))
        for (side, view), top1 in accuracies(run.scored(inputs.collection).scores, truth).items():
            yield {"seed": seed, "method": method, "split": side, "view": view, "top1": top1, "seconds": 0.0}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="base", help="Kedro environment")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--folds", type=int, help="hold out a fold of so many per seed, in place of a drawn 30 %%")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    arguments = parser.parse_args()
    inputs = replace(load_inputs(arguments.env, {}), n_folds=arguments.folds)
    rows = pd.DataFrame([row for seed in arguments.seeds for row in run_ceiling(inputs, seed)])
    Console(width=140).print(summarize(rows, (AS_THE_RESULT, WHOLE)))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows.to_dict(orient="records"), indent=1))


if __name__ == "__main__":
    main()
