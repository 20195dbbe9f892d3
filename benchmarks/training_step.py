"""Time of a self-training step beside that of the passes through both towers that it cannot do without.

    python -m benchmarks.training_step                                          # the shipped encoders, batches of 64
    python -m benchmarks.training_step --config vit-b-16 --steps 2 --workers 0  # published sizes, batches of 4

A step is `training_step` whole: teacher, pseudo-labels, student, losses, backward, optimizer and moving average. Its
towers are the same passes on the same tensors without anything around them: the teacher's, and the student's with and
without masks, forward and backward. Then where the time of a batch and its step goes, and how many steps a run makes in
a second with so many processes that load ahead.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from itertools import islice, repeat
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import crossmost.selftraining.objects as objects_module
import crossmost.selftraining.step as step_module
from benchmarks.setups import CONFIGURATIONS, Setup, make_setup
from benchmarks.timing import Part, Stopwatch, interleaved, machine, paired_ratio
from crossmost.models.attention import fastest_attention
from crossmost.models.compilation import compiled_blocks
from crossmost.models.host_memory import freed_memory_kept
from crossmost.selftraining.image_augmentation import ImageAugmentation
from crossmost.selftraining.objects import AugmentedObjects, BatchPlan, make_loader
from crossmost.selftraining.recorded_gradients import WARM_UP, RecordedGradients
from crossmost.selftraining.recording import Recorder
from crossmost.selftraining.schedule import Schedule
from crossmost.selftraining.step import Batch, Student, TrainingState, training_step
from crossmost.selftraining.trainer import start_state
from crossmost.shards import StoredRows

BUDGET = 1.15
"""A step may take so much longer than its towers."""
PRECISIONS = ("bf16-mixed", "32-true")


class Trainer:
    """A run of self-training, step by step.

    Args:
        recorded: replay steps, of which all must get batches of the same size, as a CUDA graph.
    """

    def __init__(self, setup: Setup, precision: str, *, compiled: bool = False, recorded: bool = False) -> None:
        engine = setup.selftraining.engine.model_copy(update={"precision": precision, "compile": compiled})
        self.setup, self.settings = setup, setup.selftraining.model_copy(update={"engine": engine})
        self.fabric = Fabric(accelerator=engine.accelerator, devices=1, precision=engine.precision)
        self.state: TrainingState = start_state(setup.model(), self.settings, self.fabric)
        self.schedule = Schedule(self.settings, len(setup.collection) // self.settings.batch_size)
        self.record = Recorder()
        self.gradients = RecordedGradients(self.state, self.settings, self.fabric) if recorded else None

    def batches(self, number: int, workers: int = 0) -> Iterator[Batch]:
        """So many batches of a run, on its device."""
        model, settings, encoders = self.state.model, self.settings, self.setup.encoders
        data = self.setup.collection.for_tower(model.point_tower.config.in_channels)
        augment = ImageAugmentation(
            settings.image_augmentation, encoders.image_size, encoders.image_mean, encoders.image_std
        )
        objects = AugmentedObjects(
            data, augment, settings, model.image_tower.grid_size, model.point_tower.config.n_groups
        )
        plan = BatchPlan(
            data.storage_blocks(),
            batch_size=settings.batch_size,
            per_epoch=self.schedule.steps_per_epoch,
            epochs=number,
            seed=settings.seed,
        )
        loader = make_loader(
            objects,
            model.point_tower,
            plan,
            first=len(plan) - number,
            rank=0,
            world_size=1,
            workers=workers,
            pin_memory=self.fabric.device.type == "cuda",
        )
        return iter(cast(Any, self.fabric.setup_dataloaders(loader, use_distributed_sampler=False)))

    @contextmanager
    def kernels_and_memory(self) -> Iterator[None]:
        """What the trainer sets around its steps."""
        compiled = compiled_blocks(self.state.model, self.state.teacher, enabled=self.settings.engine.compile)
        with fastest_attention(self.fabric.device), freed_memory_kept(self.fabric.device), compiled:
            yield

    def step(self, batch: Batch) -> None:
        """A step as in a run."""
        result = training_step(self.state, [batch], self.settings, self.schedule, self.fabric, self.gradients)
        self.record.append(0, range(len(batch.coin)), result)

    def towers(self, batch: Batch) -> None:
        """The passes of that step through both towers and back, and nothing else."""
        model, teacher = self.state.model, self.state.teacher
        with torch.no_grad(), self.fabric.autocast():
            teacher.image_tower(batch.weak_views)
            tokens = teacher.point_tower.tokenize(batch.weak_neighborhoods)
            teacher.point_tower(tokens, batch.weak_centers)
        with self.fabric.autocast():
            tokens = model.point_tower.tokenize(batch.strong_neighborhoods)
            plain = model.image_tower(batch.strong_views), model.point_tower(tokens, batch.strong_centers)
            masked = (
                model.image_tower(batch.strong_views, batch.image_mask),
                model.point_tower(tokens, batch.strong_centers, batch.point_mask),
            )
        reached = [found.feature for found in (*plain, *masked)] + [found.tokens for found in masked]
        torch.autograd.backward(reached, [torch.ones_like(value) for value in reached])
        model.zero_grad()


def step_times(setup: Setup, precisions: Sequence[str], repeats: int) -> list[dict[str, Any]]:
    """A row per precision, and one more for the first with the attention kernels that PyTorch would choose."""
    trainers = [Trainer(setup, precision) for precision in precisions]
    batch = next(trainers[0].batches(1))
    attention: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "trainer's": partial(fastest_attention, trainers[0].fabric.device),
        "PyTorch's": nullcontext,
    }
    rows = [(trainer, "trainer's") for trainer in trainers] + [(trainers[0], "PyTorch's")]

    def run(work: Callable[[Batch], None], kernels: str) -> None:
        with attention[kernels]():
            work(batch)

    variants: dict[str, Callable[[], object]] = {}
    for row, (trainer, kernels) in enumerate(rows):
        variants[f"step {row}"] = partial(run, trainer.step, kernels)
        variants[f"towers {row}"] = partial(run, trainer.towers, kernels)
    with freed_memory_kept(trainers[0].fabric.device):
        seconds = interleaved(variants, repeats)
    # Counted with the plain kernels, in which attention is matrix products: of fused ones PyTorch counts those of GPUs.
    work = {name: _gflop(variants[f"{name} 0"]) for name in ("step", "towers")}
    table = []
    for row, (trainer, kernels) in enumerate(rows):
        step, towers = seconds[f"step {row}"], seconds[f"towers {row}"]
        table.append(
            {
                "precision": trainer.settings.engine.precision,
                "attention": kernels,
                "step_ms": 1e3 * statistics.median(step),
                "towers_ms": 1e3 * statistics.median(towers),
                "ratio": paired_ratio(step, towers),
                "step_gflop": work["step"],
                "towers_gflop": work["towers"],
                "step_gflops_per_second": work["step"] / statistics.median(step),
                "towers_gflops_per_second": work["towers"] / statistics.median(towers),
                "seconds": {"step": step, "towers": towers},
            }
        )
    return table


def _gflop(run: Callable[[], object]) -> float:
    """Of matrix products, convolutions and attention; PyTorch counts no others."""
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops() / 1e9


def matmul_speed(device: torch.device) -> dict[str, float]:
    """GFLOP/s of one large matrix product by precision: what the machine can give."""
    speed: dict[str, float] = {}
    side = 8192 if device.type == "cuda" else 1024
    for precision, dtype in (("bf16-mixed", torch.bfloat16), ("32-true", torch.float32)):
        matrix = torch.randn(side, side, device=device).to(dtype)
        seconds = interleaved({precision: partial(torch.mm, matrix, matrix)}, repeats=5)[precision]
        speed[precision] = 2 * side**3 / 1e9 / statistics.median(seconds)
    return speed


def parts(trainer: Trainer) -> list[Part]:
    """What of batch and step is told apart."""
    optimizer, tower = trainer.state.optimizer, type(trainer.state.model.point_tower)
    return [
        ("batch: reading, decoding", StoredRows, "__getitem__"),
        ("batch: weak views", ImageAugmentation, "weak"),
        ("batch: strong views", ImageAugmentation, "strong"),
        ("batch: clouds", objects_module, "weak_points"),
        ("batch: clouds", objects_module, "strong_points"),
        ("batch: masks", objects_module, "image_block_mask"),
        ("batch: masks", objects_module, "point_region_mask"),
        ("batch: sampling and grouping", tower, "group"),
        ("step: teacher", step_module, "teach"),
        ("step: pseudo-labels", step_module, "updated_fusion"),
        ("step: pseudo-labels", step_module, "make_pseudo_labels"),
        ("step: student forward", Student, "forward"),
        ("step: losses", step_module, "self_training_losses"),
        ("step: backward", trainer.fabric, "backward"),
        ("step: optimizer", optimizer, "zero_grad"),
        ("step: optimizer", optimizer, "step"),
        ("step: moving average", step_module, "update_teacher"),
        ("step: record", Recorder, "append"),
    ]


def breakdown(setup: Setup, repeats: int) -> list[dict[str, Any]]:
    """Where the time of a batch, loaded in the same process, and of its step goes."""
    trainer, watch = Trainer(setup, setup.selftraining.engine.precision), Stopwatch()
    batches = trainer.batches(1 + repeats)
    with trainer.kernels_and_memory():
        trainer.step(next(batches))
        with watch.watching(parts(trainer)):
            for _ in range(repeats):
                with watch.lap():
                    with watch.part("batch: drawing, stacking"):
                        batch = next(batches)
                    with watch.part("step: the rest"):
                        trainer.step(batch)
    return watch.breakdown()


def loading_rates(setup: Setup, workers: Sequence[int], repeats: int) -> list[dict[str, Any]]:
    """Batches/s of the loader when nothing else runs, and steps/s of a run that is fed by it or needs no loading."""
    recorded = setup.selftraining.engine.cuda_graph and torch.cuda.is_available()
    trainer = Trainer(setup, setup.selftraining.engine.precision, recorded=recorded)
    batch = next(trainer.batches(1))
    rows = []
    with trainer.kernels_and_memory():
        for _ in range(1 + WARM_UP if recorded else 1):
            trainer.step(batch)
        for number in workers:
            ahead = 2 * number
            count = 1 + ahead + repeats + ahead
            alone = _per_second(trainer.batches(count, number), ahead, repeats, use=lambda batch: None)
            fed = _per_second(trainer.batches(count, number), ahead, repeats, use=trainer.step)
            unfed = _per_second(repeat(batch, 1 + repeats), 0, repeats, use=trainer.step)
            rates = {"batches_per_second": alone, "steps_per_second": fed, "steps_per_second_without_loading": unfed}
            rows.append({"workers": number, **rates, "ratio": fed / unfed})
    return rows


def _per_second(batches: Iterator[Batch], ahead: int, repeats: int, use: Callable[[Batch], None]) -> float:
    """Batches/s, once those that were loaded ahead during start-up are used up, and while others are being loaded."""
    for batch in islice(batches, 1 + ahead):
        use(batch)
    started = time.perf_counter()
    for batch in islice(batches, repeats):
        use(batch)
    took = time.perf_counter() - started
    for _ in batches:  # workers that are left with work complain
        pass
    return repeats / took


def measure(setup: Setup, precisions: Sequence[str], workers: Sequence[int], repeats: int) -> dict[str, Any]:
    """Everything, as JSON has it."""
    model, settings = setup.model(), setup.selftraining
    return {
        "machine": machine(),
        "configuration": {
            "name": setup.name,
            "objects": len(setup.collection),
            "objects_in_memory": isinstance(setup.collection.views, np.ndarray),
            "batch_size": settings.batch_size,
            "student_views": settings.views_per_object,
            "teacher_views": settings.teacher_views,
            "image_size": setup.encoders.image_size,
            "points": settings.n_points,
            "image_tower_parameters": _parameters(model.image_tower),
            "point_tower_parameters": _parameters(model.point_tower),
            "precision": settings.engine.precision,
        },
        "repeats": repeats,
        "budget": BUDGET,
        "steps": step_times(setup, precisions, repeats),
        "matmul_gflops_per_second": matmul_speed(Trainer(setup, settings.engine.precision).fabric.device),
        "breakdown": breakdown(setup, repeats),
        "loading": loading_rates(setup, workers, repeats),
    }


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def report(found: dict[str, Any], console: Console) -> None:
    """The tables."""
    config, facts = found["configuration"], found["machine"]
    where = f"{facts['gpu'] or facts['cpu']}, {facts['threads']} threads, torch {facts['torch']}"
    table = Table(title=f"{config['name']}, batches of {config['batch_size']}: {where}")
    for column in (
        "precision",
        "attention",
        "step ms",
        "towers ms",
        "ratio",
        "GFLOP",
        "step GFLOP/s",
        "towers",
        "matmul",
    ):
        table.add_column(column, justify="right")
    for row in found["steps"]:
        table.add_row(
            row["precision"],
            row["attention"],
            *(f"{row[name]:.0f}" for name in ("step_ms", "towers_ms")),
            f"{row['ratio']:.3f}",
            *(f"{row[name]:.0f}" for name in ("step_gflop", "step_gflops_per_second", "towers_gflops_per_second")),
            f"{found['matmul_gflops_per_second'][row['precision']]:.0f}",
        )
    console.print(table, f"budget of the ratio: {found['budget']}\n")
    table = Table("part", "ms", "%", title=f"a batch and its step, {config['precision']}")
    for row in found["breakdown"]:
        table.add_row(row["part"], f"{row['ms']:.1f}", f"{row['percent']:.1f}")
    console.print(table)
    table = Table("workers", "loader, batches/s", "steps/s", "steps/s without loading", "ratio", title="loading ahead")
    for row in found["loading"]:
        rates = ("batches_per_second", "steps_per_second", "steps_per_second_without_loading", "ratio")
        table.add_row(str(row["workers"]), *(f"{row[name]:.2f}" for name in rates))
    console.print(table)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", choices=CONFIGURATIONS, default="mini")
    parser.add_argument("--batch", type=int, help="objects a batch, in place of the configuration's")
    parser.add_argument(
        "--stream", action="store_true", help="keep no stored object in memory, as of large collections"
    )
    parser.add_argument("--steps", type=int, default=5, help="repeats of every measurement")
    parser.add_argument("--threads", type=int, help="PyTorch's; its own choice if not given")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--workers", type=int, nargs="*", default=[0, 1, 2], help="processes that load ahead")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    setup = make_setup(arguments.config, batch_size=arguments.batch, stream=arguments.stream)
    found = measure(setup, arguments.precisions, arguments.workers, arguments.steps)
    report(found, Console(width=140))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
