"""Objects that zero-shot scoring classifies in a second, beside the bare encoders.

    python -m benchmarks.scoring                                    # the shipped encoders, 64 objects at once
    python -m benchmarks.scoring --config vit-b-16 --objects 4      # published sizes

Scoring is `encode_collection` from stored views and clouds to probabilities. The encoders are the towers alone,
on ready tensors of the same sizes: pictures of the image tower's size, and clouds, which a Point-BERT cuts into groups
itself. A second bare variant gets the groups ready, too. Memory is kept as scoring keeps it.
"""

import argparse
import copy
import json
import math
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

import crossmost.models.encoding as encoding_module
from benchmarks.setups import CLASSES, CONFIGURATIONS, Setup, make_setup
from benchmarks.timing import Part, Stopwatch, interleaved, machine, paired_ratio
from crossmost.collection import Collection
from crossmost.models.encoding import encode_collection, prepare_views, scoring_device
from crossmost.models.host_memory import freed_memory_kept
from crossmost.models.joint import JointModel
from crossmost.models.text_classifier import text_classifier
from crossmost.shards import StoredRows

BUDGET = 0.95
"""Scoring shall reach so much of the encoders' rate."""


class Prepared(NamedTuple):
    """What the towers get of one batch of B objects with V views."""

    views: Tensor  # (B·V, 3, S, S)
    clouds: Tensor  # (B, N, C)
    neighborhoods: Tensor
    centers: Tensor


def prepare(setup: Setup, model: JointModel, collection: Collection) -> list[Prepared]:
    """The batches of a collection, on the model's device."""
    encoders, zeroshot, device = setup.encoders, setup.zeroshot, model.classifier.device
    prepared = []
    for first in range(0, len(collection), zeroshot.batch_size):
        rows = slice(first, first + zeroshot.batch_size)
        views = collection.views[rows]
        flat = prepare_views(
            views.reshape(-1, *views.shape[2:]), encoders.image_size, encoders.image_mean, encoders.image_std
        )
        channels = model.point_tower.config.in_channels
        clouds = torch.from_numpy(collection.tower_clouds(rows, zeroshot.n_points, channels)).to(device)
        prepared.append(Prepared(flat.to(device), clouds, *model.point_tower.group(clouds)))
    return prepared


@torch.inference_mode()
def encode(model: JointModel, batches: Sequence[Prepared]) -> None:
    """Both towers, clouds whole."""
    with freed_memory_kept(model.classifier.device):
        for batch in batches:
            model.image_tower(batch.views)
            model.point_tower.encode(batch.clouds)


@torch.inference_mode()
def encode_groups(model: JointModel, batches: Sequence[Prepared]) -> None:
    """Both towers, clouds already cut into groups."""
    with freed_memory_kept(model.classifier.device):
        for batch in batches:
            model.image_tower(batch.views)
            model.point_tower(model.point_tower.tokenize(batch.neighborhoods), batch.centers)


def parts(model: JointModel) -> list[Part]:
    """What of scoring is told apart."""
    return [
        ("reading", StoredRows, "__getitem__"),
        ("view preparation", encoding_module, "prepare_views"),
        ("image tower", JointModel, "embed_image"),
        ("sampling and grouping", type(model.point_tower), "group"),
        ("point tower", JointModel, "embed_point"),
    ]


def measure(setup: Setup, n_objects: int, repeats: int) -> dict[str, Any]:
    """Everything, as JSON has it."""
    collection = setup.collection.subset(set(setup.collection.object_ids[:n_objects]))
    encoders, zeroshot, model = setup.encoders, setup.zeroshot, setup.model()
    score = partial(
        encode_collection,
        model,
        collection,
        image_mean=encoders.image_mean,
        image_std=encoders.image_std,
        n_points=zeroshot.n_points,
        batch_size=zeroshot.batch_size,
        single=np.empty((*collection.views.shape[:2], CLASSES), dtype=np.float32),
        embeddings=np.empty((len(collection), collection.views.shape[1] + 1, len(model.classifier)), dtype=np.float16),
    )
    score()  # moves the model to its device
    batches = prepare(setup, model, collection)
    variants: dict[str, Callable[[], object]] = {
        "scoring": score,
        "encoders": partial(encode, model, batches),
        "encoders, groups ready": partial(encode_groups, model, batches),
    }
    seconds = interleaved(variants, repeats)
    watch = Stopwatch()
    # A replay has no parts, and a recording cannot be made while parts are timed.
    with watch.watching(parts(model)), patch.object(encoding_module, "RECORDED_FROM", math.inf):
        for _ in range(repeats):
            with watch.lap(), watch.part("the rest"):
                score()
    rows = [
        {
            "variant": name,
            "objects_per_second": len(collection) / statistics.median(measured),
            "ratio": paired_ratio(measured, seconds["scoring"]),
            "seconds": measured,
        }
        for name, measured in seconds.items()
    ]
    return {
        "machine": machine(),
        "configuration": {
            "name": setup.name,
            "objects": len(collection),
            "batch_size": zeroshot.batch_size,
            "views": int(collection.views.shape[1]),
            "stored_side": int(collection.views.shape[2]),
            "image_size": encoders.image_size,
            "points": zeroshot.n_points,
            "precision": "32-true",
        },
        "repeats": repeats,
        "budget": BUDGET,
        "rates": rows,
        "breakdown": watch.breakdown(),
        "text_classifier": text_seconds(setup),
    }


def text_seconds(setup: Setup) -> dict[str, Any]:
    """Time of the classifier, made once for a collection, and how many prompts it takes."""
    names, templates = [f"class {number}" for number in range(CLASSES)], setup.zeroshot.templates
    encoders = copy.deepcopy(setup.encoders).to(scoring_device())
    started = time.perf_counter()
    text_classifier(encoders, names, templates).cpu()
    return {"prompts": len(names) * len(templates), "seconds": time.perf_counter() - started}


def report(found: dict[str, Any], console: Console) -> None:
    """The tables."""
    config, facts, text = found["configuration"], found["machine"], found["text_classifier"]
    where = f"{facts['gpu'] or facts['cpu']}, {facts['threads']} threads, torch {facts['torch']}"
    table = Table("", "objects/s", "scoring's share of the rate", title=f"{config['name']}: {where}")
    for row in found["rates"]:
        table.add_row(row["variant"], f"{row['objects_per_second']:.2f}", f"{row['ratio']:.3f}")
    console.print(table, f"{config['objects']} objects, {config['views']} views each; budget {found['budget']}\n")
    table = Table("part", "ms", "%", title="scoring")
    for row in found["breakdown"]:
        table.add_row(row["part"], f"{row['ms']:.1f}", f"{row['percent']:.1f}")
    console.print(table, f"text classifier, once: {text['prompts']} prompts in {text['seconds']:.2f} s")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", choices=CONFIGURATIONS, default="mini")
    parser.add_argument("--objects", type=int, help="how many are scored; 128, or 8 of the larger configuration")
    parser.add_argument("--batch", type=int, help="objects at once, in place of the configuration's")
    parser.add_argument(
        "--stream", action="store_true", help="keep no stored object in memory, as of large collections"
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, help="PyTorch's; its own choice if not given")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    setup = make_setup(
        arguments.config, batch_size=arguments.batch, stream=arguments.stream, noise=arguments.objects or 0
    )
    found = measure(setup, arguments.objects or (128 if arguments.config == "mini" else 8), arguments.repeats)
    report(found, Console(width=140))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
