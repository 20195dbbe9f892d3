"""Time of a self-training step beside the least that its arithmetic and its memory traffic can take.

    python -m benchmarks.floor --batches 64 256 --recorded 64 256 --compiled 64        # the shipped encoders
    python -m benchmarks.floor --config vit-b-16 --batches 32 64 128 --recorded 32 64 128 --json FILE

Two numbers bound a step from below: its floating-point operations over the rate of one large bfloat16 matrix product,
and the bytes that it must move over the rate of one large copy. Both rates are measured. The operations are those of
matrix products and convolutions, of a small batch, in proportion; the bytes see `Traffic`. Every row is a training of
its own on batches of noise that are on the device already; one that fails (of memory, say) leaves the others alone.
Recorded steps are replayed as a CUDA graph, as training does on a single GPU (`engine.cuda_graph`); their towers are
timed both ways.
"""

import argparse
import gc
import json
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.setups import CONFIGURATIONS, Setup, make_setup
from benchmarks.timing import interleaved, machine, paired_ratio, wait_for_device
from benchmarks.training_step import Trainer, loading_rates, matmul_speed
from crossmost.selftraining.masking import image_block_mask, point_region_mask
from crossmost.selftraining.recorded_gradients import WARM_UP, record_step
from crossmost.selftraining.step import Batch, assemble_batch

PRECISION = "bf16-mixed"
SMALL = 2  # objects of the batches of which operations and bytes are counted; and twice as many


class Traffic(NamedTuple):
    """Bytes that a step must move at least; values that stay in a cache are not forgotten, nothing is read twice."""

    weights: int  # float32, read by each pass: student twice forward and twice backward, teacher once
    update: int  # gradients written and read; AdamW reads and writes weights and two moments; average: 2 reads, 1 write
    activations: int  # kept for the backward pass: written and read


def noise_batch(trainer: Trainer, size: int) -> Batch:
    """Objects of noise, of the sizes that the settings say, on the trainer's device."""
    model, settings, device = trainer.state.model, trainer.settings, trainer.fabric.device
    generator = torch.Generator().manual_seed(0)
    side, tower = trainer.setup.encoders.image_size, model.point_tower
    n_groups, k = tower.config.n_groups, settings.views_per_object

    def views(count: int) -> Tensor:
        return torch.randn(count, 3, side, side, generator=generator).to(device)

    clouds = torch.randn(size, settings.n_points, tower.config.in_channels, generator=generator)
    clouds = (clouds / clouds.norm(dim=-1).amax(-1)[:, None, None]).to(device)
    start = torch.zeros(size, dtype=torch.long, device=device)
    anchor = torch.randint(n_groups, (size,), generator=generator).to(device)
    low, high = settings.point_mask_ratio
    hidden = torch.full_like(anchor, max(1, round((low + high) / 2 * n_groups)))
    mask = image_block_mask(
        size * k, model.image_tower.grid_size, settings.image_mask_block, settings.image_mask_ratio, generator
    )
    return assemble_batch(
        tower,
        weak_views=views(size * settings.teacher_views),
        strong_views=views(size * k),
        weak_clouds=clouds,
        strong_clouds=clouds,
        weak_start=start,
        strong_start=start,
        image_mask=mask.to(device),
        point_mask=partial(point_region_mask, anchor=anchor, size=hidden),
        coin=torch.ones(size, dtype=torch.bool, device=device),
    )


def operations(trainer: Trainer, size: int) -> float:
    """Floating-point operations of a step of so many objects."""
    # With the plain kernels attention is matrix products, which are counted on every device.
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        trainer.step(noise_batch(trainer, SMALL))
    return counter.get_total_flops() * size / SMALL


def traffic(trainer: Trainer, size: int) -> Traffic:
    """What a step of so many objects must move."""
    model = trainer.state.model
    trained = sum(4 * p.numel() for group in trainer.state.optimizer.param_groups for p in group["params"])
    stored = sum(4 * parameter.numel() for parameter in model.parameters())
    few, more = (_kept_bytes(trainer, count) for count in (SMALL, 2 * SMALL))
    kept = more + (more - few) * (size - 2 * SMALL) // SMALL  # some, such as weights in bfloat16, belong to no object
    passes = 1 if trainer.settings.arithmetic.masked_pass == "shared" else 2
    return Traffic(weights=(2 * passes + 1) * stored, update=8 * trained + 3 * stored, activations=2 * kept)


def _kept_bytes(trainer: Trainer, size: int) -> int:
    """Bytes of what the student's forward passes keep for the backward pass, weights aside."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in trainer.state.model.parameters()}
    kept: dict[int, int] = {}

    def keep(value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return value.detach()  # with its history a pass would hold itself, and the parameters, for ever

    batch = noise_batch(trainer, size)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        output = trainer.state.student(batch)  # held, so that no memory is used twice
    del output
    return sum(kept.values())


def copy_speed(device: torch.device) -> float:
    """Bytes/s, read and written, of one large copy within the device's memory."""
    source = torch.ones(2**28 if device.type == "cuda" else 2**25, device=device)
    target = torch.empty_like(source)
    (seconds,) = interleaved({"copy": partial(target.copy_, source)}, repeats=5).values()
    return 2 * source.nbytes / statistics.median(seconds)


def waits(trainer: Trainer, batch: Batch) -> dict[str, int] | None:
    """Where in one step, and how often, the program waits for a GPU; None without one."""
    if trainer.fabric.device.type != "cuda":
        return None
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            trainer.step(batch)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    found = [warning for warning in caught if "synchronizing" in str(warning.message)]
    return dict(Counter(f"{Path(warning.filename).name}:{warning.lineno}" for warning in found))


def step_row(setup: Setup, size: int, repeats: int, *, compiled: bool, recorded: bool) -> dict[str, Any]:
    """Times and memory of steps and towers on batches of ``size`` objects."""
    trainer = Trainer(setup, PRECISION, compiled=compiled, recorded=recorded)
    on_gpu = trainer.fabric.device.type == "cuda"
    flops, moved = operations(trainer, size), traffic(trainer, size)
    batch = noise_batch(trainer, size)
    with trainer.kernels_and_memory():
        started = time.perf_counter()
        trainer.step(batch)
        wait_for_device()
        first = time.perf_counter() - started
        if on_gpu:
            torch.cuda.reset_peak_memory_stats()
        for _ in range(WARM_UP + 1 if recorded else 1):
            trainer.step(batch)
        wait_for_device()
        peak = torch.cuda.max_memory_allocated() if on_gpu else None
        variants: dict[str, Callable[[], object]] = {
            "step": partial(trainer.step, batch),
            "towers": partial(trainer.towers, batch),
        }
        if recorded:
            variants["recorded towers"] = record_step(partial(trainer.towers, batch))
        seconds = interleaved(variants, repeats)
        started = time.perf_counter()
        for _ in range(repeats):
            trainer.step(batch)
        wait_for_device()
        in_a_row = (time.perf_counter() - started) / repeats
        waited = waits(trainer, batch)
    return {
        "batch": size,
        "compiled": compiled,
        "recorded": recorded,
        "first_step_s": first,
        "step_ms": 1e3 * statistics.median(seconds["step"]),
        "towers_ms": 1e3 * statistics.median(seconds["towers"]),
        "ratio": paired_ratio(seconds["step"], seconds["towers"]),
        "recorded_towers_ms": 1e3 * statistics.median(seconds["recorded towers"]) if recorded else None,
        "step_in_a_row_ms": 1e3 * in_a_row,
        "objects_per_second": size / in_a_row,
        "peak_gib": None if peak is None else peak / 2**30,
        "waits": waited,
        "gflop": flops / 1e9,
        "moved_gb": {name: value / 1e9 for name, value in moved._asdict().items()},
        "seconds": seconds,
    }


def measure(
    setup: Setup, batches: Sequence[int], compiled: Sequence[int], recorded: Sequence[int], repeats: int
) -> Iterator[dict[str, Any]]:
    """A row for every batch size as it is, then for those to be compiled or recorded; of one that fails, the error."""
    device = Trainer(setup, PRECISION).fabric.device
    flops_rate, bytes_rate = 1e9 * matmul_speed(device)[PRECISION], copy_speed(device)
    plain = [(size, {"compiled": False, "recorded": False}) for size in batches]
    plain += [(size, {"compiled": True, "recorded": False}) for size in compiled]
    for size, how in plain + [(size, {"compiled": False, "recorded": True}) for size in recorded]:
        torch.compiler.reset()  # what is compiled in one row is not left over for the next
        try:
            row = step_row(setup, size, repeats, **how)
        except Exception as error:  # noqa: BLE001 -- out of memory, no compiler: the other rows can still be measured
            yield {"batch": size, **how, "error": f"{type(error).__name__}: {error}"[:500]}
        else:
            arithmetic = 1e12 * row["gflop"] / flops_rate
            memory = 1e12 * sum(row["moved_gb"].values()) / bytes_rate
            share = max(arithmetic, memory) / row["step_in_a_row_ms"]
            rates = {"matmul_tflops_per_second": flops_rate / 1e12, "copy_gb_per_second": bytes_rate / 1e9}
            yield {**row, **rates, "arithmetic_floor_ms": arithmetic, "memory_floor_ms": memory, "floor_share": share}
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()


def report(name: str, rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Print the rows."""
    measured = ("step_ms", "towers_ms", "ratio", "recorded_towers_ms", "step_in_a_row_ms", "objects_per_second")
    columns = (*measured, "peak_gib", "first_step_s", "arithmetic_floor_ms", "memory_floor_ms", "floor_share")
    table = Table("batch", "how", *columns, "waits", title=name)
    for row in rows:
        how = " ".join(name for name in ("compiled", "recorded") if row[name])
        if "error" in row:
            table.add_row(str(row["batch"]), how, row["error"][:60])
            continue
        numbers = ("" if row[column] is None else f"{row[column]:.2f}" for column in columns)
        waited = "" if row["waits"] is None else str(sum(row["waits"].values()))
        table.add_row(str(row["batch"]), how, *numbers, waited)
    console.print(table)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", choices=CONFIGURATIONS, default="mini")
    parser.add_argument("--batches", type=int, nargs="*", default=[64], help="objects a batch, as PyTorch runs them")
    parser.add_argument("--compiled", type=int, nargs="*", default=[], help="objects a batch, compiled")
    parser.add_argument("--recorded", type=int, nargs="*", default=[], help="objects a batch, replayed as CUDA graphs")
    parser.add_argument("--steps", type=int, default=10, help="repeats of every measurement")
    parser.add_argument("--workers", type=int, nargs="*", default=[], help="also the loader's pace with so many")
    parser.add_argument("--loader-batch", type=int, help="objects a batch of the loader")
    parser.add_argument("--json", type=Path, help="also write the numbers here, after every row")
    arguments = parser.parse_args()
    found: dict[str, Any] = {"machine": machine(), "configuration": arguments.config, "rows": [], "loading": []}

    def write() -> None:
        if arguments.json:
            arguments.json.write_text(json.dumps(found, indent=1))

    setup = make_setup(arguments.config)
    for row in measure(setup, arguments.batches, arguments.compiled, arguments.recorded, arguments.steps):
        found["rows"].append(row)
        write()
    name = f"{arguments.config}, {found['machine']['gpu'] or found['machine']['cpu']}"
    report(name, found["rows"], Console(width=200))
    for workers in arguments.workers:
        loaded = make_setup(arguments.config, batch_size=arguments.loader_batch)
        row = loading_rates(loaded, [workers], repeats=max(2, workers))[0]
        row["objects_per_second"] = row["batches_per_second"] * loaded.selftraining.batch_size
        found["loading"].append({**row, "batch": loaded.selftraining.batch_size})
        print(found["loading"][-1], flush=True)
        write()


if __name__ == "__main__":
    main()
