"""Accuracy of zero-shot, separate and joint self-training over several seeds of split and training.

    python -m benchmarks.accuracy                                       # the embedded default, scans
    python -m benchmarks.accuracy --env furniture_cad --seeds 0 1 2

Reads what `kedro run --pipelines=ingestion,rendering --env=…` has made. Each seed draws a new adapt/test split and
seeds training. Labels draw the stratified split and score the result; nothing else sees them.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from crossmost.collection import load_collection
from crossmost.evaluation.metrics import class_index_of
from crossmost.models.encoders import Encoders
from crossmost.models.joint import JointModel
from crossmost.models.scoring import score_collection
from crossmost.models.text_classifier import text_classifier
from crossmost.pipelines.selftraining.parameters import SelftrainingParameters
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.selftraining.trainer import self_train
from crossmost.splits import split_objects

PROJECT = Path(__file__).parents[1]
VIEWS = ("image_single", "image", "point", "joint")


class Inputs(BaseModel):
    """What one benchmark needs from the Kedro catalog."""

    model_config = {"arbitrary_types_allowed": True}

    datasets: dict[str, Any]
    selftraining: SelftrainingParameters
    zeroshot: ZeroshotParameters


def load_inputs(env: str, changes: dict[str, Any]) -> Inputs:
    """Stored objects and configuration of an environment; ``changes`` are run-time parameters (dotted keys)."""
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env=env, runtime_params=changes) as session:
        context = session.load_context()
        names = ("views", "clouds", "objects", "labels", "class_names", "mini_encoders")
        return Inputs(
            datasets={name: context.catalog.load(name) for name in names},
            selftraining=SelftrainingParameters.model_validate(context.params["selftraining"]),
            zeroshot=ZeroshotParameters.model_validate(context.params["zeroshot"]),
        )


def run_seed(inputs: Inputs, seed: int, methods: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Rows (method, split, view, top1, seconds) of one seed."""
    data = inputs.datasets
    usable = data["objects"].query("status == 'ok'")
    labels = data["labels"].set_index("object_id")["class_name"].reindex(usable["object_id"])
    split = split_objects(usable["duplicate_group"].to_numpy(), labels.tolist(), seed=seed)
    splits = dict(zip(usable["object_id"], split, strict=True))
    collection = load_collection(data["views"], data["clouds"])
    adaptation_set = collection.subset({object_id for object_id, side in splits.items() if side == "adapt"})
    truth = class_index_of(data["labels"], data["class_names"])
    shared = inputs.selftraining.crossmost.model_copy(update={"seed": seed})
    separate = inputs.selftraining.separate_settings().model_copy(update={"seed": seed})
    for method in methods:
        encoders = Encoders.from_checkpoint(data["mini_encoders"]).eval()
        classifier = text_classifier(encoders, data["class_names"], inputs.zeroshot.templates)
        model = JointModel(encoders, classifier)
        norm = {"image_mean": encoders.image_mean, "image_std": encoders.image_std}
        started = time.perf_counter()
        facts: dict[str, float] = {}
        if method != "zeroshot":
            settings = shared if method == "crossmost" else separate
            result = self_train(model, adaptation_set, settings, **norm, title=f"{method}, seed {seed}")
            model = result.teacher
            last = result.pseudo_labels[result.pseudo_labels["epoch"] == settings.epochs - 1]
            right = truth.reindex(last["object_id"]).to_numpy()
            for modality in ("image", "point"):
                kept = last[f"kept_{modality}"].to_numpy()
                facts[f"coverage_{modality}"] = float(kept.mean())
                facts[f"label_top1_{modality}"] = float((last[f"label_{modality}"].to_numpy() == right)[kept].mean())
            facts["agreement"] = float(result.log["agreement"].tail(10).mean())
        seconds = time.perf_counter() - started
        scores = score_collection(
            model, collection, splits, method=method, **norm,
            n_points=inputs.zeroshot.n_points, batch_size=inputs.zeroshot.batch_size,
        )  # fmt: skip
        scores["right"] = [p.argmax() for p in scores["probabilities"]] == truth.reindex(scores["object_id"]).to_numpy()
        for (side, view), group in scores.groupby(["split", "view"]):
            yield {"seed": seed, "method": method, "split": side, "view": view, "top1": group["right"].mean(),
                   "seconds": seconds, **facts}  # fmt: skip


def summarize(rows: pd.DataFrame) -> Table:
    """Mean ± standard deviation over seeds, in percent; then paired gains of crossmost."""
    table = Table(title=f"top-1 %, mean ± sd over {rows['seed'].nunique()} seeds of split and training")
    for column in ("split", "method", *VIEWS, "seconds"):
        table.add_column(column)
    cells = rows.pivot_table(index=["split", "method", "seed"], columns="view", values="top1")
    present = [method for method in ("zeroshot", "selftrain_separate", "crossmost") if method in set(rows["method"])]
    for side in ("adapt", "test"):
        for method in present:
            values = cells.loc[side, method]
            seconds = rows.loc[rows["method"] == method, "seconds"].mean()
            table.add_row(side, method, *(_cell(values[view]) for view in VIEWS), f"{seconds:.0f}")
        for other in present[:-1]:
            gain = cells.loc[side, present[-1]] - cells.loc[side, other]
            table.add_row(side, f"{present[-1]} − {other}", *(_cell(gain[view], "+") for view in VIEWS), "")
    return table


def _cell(values: pd.Series, sign: str = "") -> str:
    spread = values.std() if len(values) > 1 else 0.0
    return f"{100 * values.mean():{sign}.1f} ± {100 * spread:.1f}"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="base", help="Kedro environment")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--methods", nargs="+", default=["zeroshot", "selftrain_separate", "crossmost"])
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="run-time parameters, dotted keys")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    arguments = parser.parse_args()
    changes = {key: json.loads(value) for key, value in (item.split("=", 1) for item in arguments.set)}
    inputs = load_inputs(arguments.env, changes)
    rows = pd.DataFrame([row for seed in arguments.seeds for row in run_seed(inputs, seed, tuple(arguments.methods))])
    Console().print(summarize(rows))
    facts = [
        c
        for c in ("agreement", "coverage_image", "coverage_point", "label_top1_image", "label_top1_point")
        if c in rows
    ]
    if facts:
        Console().print(rows.groupby("method")[facts].mean().dropna().round(3).to_string())
    if arguments.json:
        arguments.json.write_text(rows.to_json(orient="records", indent=1))


if __name__ == "__main__":
    main()
