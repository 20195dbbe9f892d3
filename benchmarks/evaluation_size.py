"""Memory and time of evaluation as the collection and its class list grow.

    python -m benchmarks.evaluation_size --objects 1000 10000 100000 --classes 16 --json evaluation_size.json
    python -m benchmarks.evaluation_size --objects 46000 --classes 1156

Writes random scores of four methods, block by block, to a temporary folder (of `TMPDIR`: 3.2 GB a method for 46,000
objects of 1,156 classes); then a process of its own computes all that the evaluation pipeline makes of them and of the
classes that three snapshots name. The memory is the largest resident set of that process, before and after.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.timing import machine
from crossmost.kedro_datasets import ScoresDataset
from crossmost.large_arrays import room_for
from crossmost.pipelines.evaluation import nodes
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from crossmost.scores import COMBINED_VIEWS, Scores
from crossmost.selftraining.snapshots import snapshot_predictions
from crossmost.splits import ADAPT, TEST

METHODS = {"zeroshot": 0.3, "transductive": 0.35, "selftrain_separate": 0.4, "crossmost": 0.5}
"""Share of the true class in random probabilities."""
SNAPSHOTS = (6, 12, 18)


def random_scores(method: str, truth: np.ndarray, n_views: int, n_classes: int, rng: np.random.Generator) -> Scores:
    """Of so many objects, 70 % of them to adapt to; the combined views are no combination of the single ones."""
    n_objects = len(truth)
    splits = tuple(ADAPT if row % 10 < 7 else TEST for row in range(n_objects))
    array = room_for((n_objects, n_views + len(COMBINED_VIEWS), n_classes), np.float32)
    scores = Scores(method, tuple(f"object-{row:07d}" for row in range(n_objects)), splits, array)
    for rows in scores.blocks():
        block = rng.standard_exponential((len(truth[rows]), *array.shape[1:]), dtype=np.float32)
        block *= (1 - METHODS[method]) / block.sum(axis=-1, keepdims=True)
        share = METHODS[method] * rng.random(block.shape[:2], dtype=np.float32)
        block[np.arange(len(block)), :, truth[rows]] += share
        scores.probabilities[rows] = block / block.sum(axis=-1, keepdims=True)
    return scores


def make_run(folder: Path, n_objects: int, n_views: int, n_classes: int) -> None:
    """What evaluation reads, as a finished run leaves it."""
    rng = np.random.default_rng(0)
    class_names = [f"class-{number:04d}" for number in range(n_classes)]
    truth = rng.integers(n_classes, size=n_objects)
    for method in METHODS:
        scores = random_scores(method, truth, n_views, n_classes, rng)
        ScoresDataset(filepath=str(folder / method)).save(scores)
    snapshot_predictions(SNAPSHOTS, [scores] * len(SNAPSHOTS)).to_parquet(folder / "snapshots.parquet")
    ids = list(scores.object_ids)
    pd.DataFrame({"object_id": ids, "split": scores.splits}).to_parquet(folder / "objects.parquet")
    labels = pd.DataFrame({"object_id": ids, "class_name": [class_names[number] for number in truth]})
    labels.to_parquet(folder / "labels.parquet")
    columns = ("agreement", "teacher_entropy_image", "teacher_entropy_point")
    pd.DataFrame({"epoch": SNAPSHOTS, **{name: rng.random(3) for name in columns}}).to_parquet(folder / "log.parquet")
    (folder / "class_names.json").write_text(json.dumps(class_names))


def measure(folder: Path) -> dict[str, Any]:
    """Peak memory and seconds of this process, which must be a fresh one."""
    before = _peak_megabytes()
    objects, labels, log, snapshots = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("objects", "labels", "log", "snapshots")
    )
    class_names = json.loads((folder / "class_names.json").read_text())
    params = EvaluationParameters(dataset="synthetic", seed=0)
    seconds: dict[str, float] = {}

    def timed(name: str, function: Any, *arguments: Any) -> Any:
        started = time.perf_counter()
        result = function(*arguments)
        seconds[name] = time.perf_counter() - started
        return result

    methods = [ScoresDataset(filepath=str(folder / method)).load() for method in METHODS]
    scores = timed("reading and checking", nodes.collect_scores, *methods, objects, class_names)
    confidence = timed("confidence", nodes.measure_confidence, scores)
    timed("predictions", nodes.make_predictions, scores, class_names, confidence, params)
    timed("accuracy", nodes.measure_accuracy, scores, labels, class_names, confidence, params)
    timed("snapshots", nodes.measure_snapshots, snapshots, log, labels, class_names)
    timed("calibration", nodes.measure_reliability, scores, labels, class_names)
    return {
        "objects": len(objects),
        "classes": len(class_names),
        "views": methods[0].single.shape[1],
        "gigabytes_of_scores": sum(method.probabilities.nbytes for method in methods) / 1e9,
        "megabytes_of_imports": before,
        "peak_megabytes": _peak_megabytes(),
        "seconds": sum(seconds.values()),
        "seconds_of": seconds,
    }


def _peak_megabytes() -> float:
    # Where it is told, of this program alone: the other number has what the process was before it began with it.
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    told = [float(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return (told[0] if told else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--classes", type=int, default=16)
    parser.add_argument("--views", type=int, default=12)
    parser.add_argument("--folder", type=Path, help="measure this run in this process and print JSON")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    arguments = parser.parse_args()
    if arguments.folder:
        torch.set_num_threads(1)
        print(json.dumps(measure(arguments.folder)))
        return
    rows = []
    for n_objects in arguments.objects:
        with tempfile.TemporaryDirectory(prefix="crossmost-evaluation-") as folder:
            make_run(Path(folder), n_objects, arguments.views, arguments.classes)
            command = [sys.executable, "-m", "benchmarks.evaluation_size", "--folder", folder]
            found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            rows.append(json.loads(found))
    columns = [name for name in rows[0] if name != "seconds_of"]
    table = Table(title="evaluation of random scores, one thread")
    for column in (*columns, *rows[0]["seconds_of"]):
        table.add_column(column.replace("_", " "), justify="right")
    for row in rows:
        values = [*(row[name] for name in columns), *row["seconds_of"].values()]
        table.add_row(*(f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" for value in values))
    Console(width=200).print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
