"""Whether memory stays flat and time per object constant as the collection grows.

    python -m benchmarks.scale --sizes 1000 10000 100000 --json scale.json

Makes synthetic stores (random pictures and clouds, many times the same bytes), opens each in a process of its own,
draws augmented batches out of a whole shuffled epoch as self-training does, and trains on some of them. The memory is
the largest resident set of the process. The store of 100,000 objects takes 4 GB of disk while this runs.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from rich.console import Console
from rich.table import Table

from benchmarks.setups import make_setup
from benchmarks.timing import machine
from crossmost.collection import load_collection
from crossmost.rendering import encode_view
from crossmost.selftraining.image_augmentation import ImageAugmentation
from crossmost.selftraining.objects import AugmentedObjects, BatchPlan, make_loader
from crossmost.selftraining.recording import Recorder
from crossmost.selftraining.schedule import Schedule
from crossmost.selftraining.step import training_step
from crossmost.selftraining.trainer import start_state
from crossmost.shards import Sample, ShardStore, ShardWork, chunk_into_shards, encode_array

VIEWS, SIDE, POINTS, PER_SHARD = 8, 96, 1024, 64
TEMPLATES = 16  # different objects


@dataclass(frozen=True)
class Item:
    """One of many synthetic objects."""

    number: int

    @property
    def key(self) -> str:
        return f"object-{self.number:07d}"

    @property
    def fingerprint(self) -> str:
        return str(self.number % TEMPLATES)


class Worker:
    """Repeats a few templates, so that making a store takes no time."""

    def __init__(self, kind: str) -> None:
        rng = np.random.default_rng(0)
        self.samples: list[dict[str, bytes]] = []
        for _ in range(TEMPLATES):
            # Smooth pictures, of about the size of renders when compressed.
            small = rng.integers(0, 255, (VIEWS, 8, 8, 3)).astype(np.uint8)
            views = small.repeat(SIDE // 8, 1).repeat(SIDE // 8, 2)
            cloud = rng.normal(size=(POINTS, 3)).astype(np.float32)
            cloud /= np.linalg.norm(cloud, axis=-1).max()
            members = {f"view{number:02d}.png": encode_view(view) for number, view in enumerate(views)}
            self.samples.append(members if kind == "views" else {"points.npy": encode_array(cloud)})

    def __call__(self, item: Item) -> Sample:
        return Sample(item.key, self.samples[item.number % TEMPLATES])


def make_stores(folder: Path, size: int) -> None:
    """Stores of views and clouds of so many objects."""
    jobs = chunk_into_shards([Item(number) for number in range(size)], "synthetic", PER_SHARD)
    for kind in ("views", "clouds"):
        ShardWork(jobs, Worker(kind), kind, f"making {kind}", n_jobs=1).write(folder / kind)


def measure(folder: Path, drawn: int, steps: int) -> dict[str, Any]:
    """Peak memory and rates of this process, which must be a fresh one.

    Args:
        drawn: augmented objects to draw out of the epoch.
        steps: training steps to make.
    """
    before = _peak_megabytes()
    started = time.perf_counter()
    collection = load_collection(ShardStore(folder / "views"), ShardStore(folder / "clouds"))
    setup = make_setup("mini", objects=collection)
    opened = time.perf_counter() - started
    model, settings, encoders = setup.model(), setup.selftraining, setup.encoders
    augment = ImageAugmentation(
        settings.image_augmentation, encoders.image_size, encoders.image_mean, encoders.image_std
    )
    grid, n_groups = model.image_tower.grid_size, model.point_tower.config.n_groups
    objects = AugmentedObjects(collection, augment, settings, grid, n_groups)
    per_epoch = len(collection) // settings.batch_size
    blocks = collection.storage_blocks()
    plan = BatchPlan(blocks, batch_size=settings.batch_size, per_epoch=per_epoch, epochs=1, seed=0)
    # Evenly over the epoch, so that all of the store is read from.
    started = time.perf_counter()
    for number in np.linspace(0, per_epoch - 1, drawn // settings.batch_size).astype(int).tolist():
        epoch, rows = plan[number]
        for row in rows:
            objects[epoch, row]
    drawing = time.perf_counter() - started
    fabric = Fabric(accelerator="cpu", devices=1, precision=settings.engine.precision)
    state, schedule, record = start_state(model, settings, fabric), Schedule(settings, per_epoch), Recorder()
    loader = make_loader(objects, model.point_tower, plan, first=0, rank=0, world_size=1, workers=0)
    batches = iter(loader)
    started = time.perf_counter()
    for number in range(steps):
        record.append(0, plan[number][1], training_step(state, [next(batches)], settings, schedule, fabric))
    training = time.perf_counter() - started
    return {
        "objects": len(collection),
        "in_memory": collection.views.stays_in_memory if hasattr(collection.views, "stays_in_memory") else True,
        "seconds_to_open": opened,
        "objects_drawn_per_second": drawn / drawing,
        "objects_trained_per_second": steps * settings.batch_size / training,
        "megabytes_of_imports": before,
        "peak_megabytes": _peak_megabytes(),
    }


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--drawn", type=int, default=1024, help="objects to augment")
    parser.add_argument("--steps", type=int, default=8, help="training steps to make")
    parser.add_argument("--folder", type=Path, help="measure these stores in this process and print JSON")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    arguments = parser.parse_args()
    if arguments.folder:
        torch.set_num_threads(1)
        print(json.dumps(measure(arguments.folder, arguments.drawn, arguments.steps)))
        return
    rows = []
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory(prefix="crossmost-scale-") as folder:
            started = time.perf_counter()
            make_stores(Path(folder), size)
            making = time.perf_counter() - started
            options = ["--folder", folder, "--drawn", str(arguments.drawn), "--steps", str(arguments.steps)]
            command = [sys.executable, "-m", "benchmarks.scale", *options]
            found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            rows.append({**json.loads(found), "objects_stored_per_second": size / making})
    table = Table(title="the same work on collections of different size")
    for column in rows[0]:
        table.add_column(column.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" for value in row.values()))
    Console(width=200).print(table)
    largest, smallest = (pick(row["peak_megabytes"] for row in rows) for pick in (max, min))
    print(f"largest peak / smallest peak: {largest / smallest:.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
