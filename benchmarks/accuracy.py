"""Accuracy of zero-shot, transductive, separate and joint self-training over several seeds of split and training.

    python -m benchmarks.accuracy                                       # the embedded default, scans
    python -m benchmarks.accuracy --env furniture_cad --seeds 0 1 2

Reads what `kedro run --pipelines=ingestion,rendering --env=…` has made. Each seed draws a new adapt/test split and
seeds training. Labels draw the stratified split and score the result; nothing else sees them. Clouds are used as they
are stored: the pose that `zeroshot.pose_check=fix` writes into a model's card is not looked for.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from rich.console import Console
from rich.table import Table
from torch import Tensor

from crossmost.collection import Collection, load_collection
from crossmost.errors import CrossmostError
from crossmost.evaluation import answer_method, share_of_changed_labels
from crossmost.evaluation.metrics import class_index_of
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import Encoders
from crossmost.models.joint import JointModel
from crossmost.models.scoring import Scored, fusion_from_scores, predictions_from_scores, score_collection
from crossmost.models.text_classifier import text_classifier
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from crossmost.pipelines.selftraining.parameters import SelftrainingParameters
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.scores import VIEWS, Scores
from crossmost.selftraining.result import SelfTrainingResult
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.trainer import self_train
from crossmost.splits import fold_split, split_objects
from crossmost.transduction import transductive_scores
from crossmost.tuning import CRITERIA, label_free_criteria

PROJECT = Path(__file__).parents[1]
METHODS = ("zeroshot", "transductive", "selftrain_separate", "crossmost")
ANSWER = "answer"
"""The joint prediction that the pipeline would take, zero-shot's or Cross-MoST's."""
LOGGED = ("kept_share", "teacher_entropy_image", "teacher_entropy_point")
WITHOUT_LABELS = (*CRITERIA, *LOGGED)
"""Facts that need no label: about the result of a run, and about its last steps."""
FACTS = (*WITHOUT_LABELS, "changed_share", "coverage_image", "label_top1_image", "coverage_point", "label_top1_point")


@dataclass(frozen=True)
class Inputs:
    """What a run needs; ``duplicate_group`` and ``class_name`` are aligned with the collection's objects."""

    collection: Collection
    duplicate_group: list[int]
    class_name: list[str]
    class_names: list[str]
    encoders: Checkpoint
    selftraining: SelftrainingParameters
    zeroshot: ZeroshotParameters
    least_changed_share: float = EvaluationParameters.model_fields["least_changed_share"].default
    n_folds: int | None = None

    def split(self, seed: int) -> dict[str, str]:
        """Object id → side of the seed's stratified split.

        With folds, a seed holds out one of them: so many seeds in a row hold out every object once.
        """
        groups, classes = self.duplicate_group, self.class_name
        if self.n_folds is None:
            sides = split_objects(groups, classes, seed=seed)
        else:
            rotation, fold = divmod(seed, self.n_folds)
            sides = fold_split(groups, classes, fold=fold, n_folds=self.n_folds, seed=rotation)
        return dict(zip(self.collection.object_ids, sides, strict=True))

    def adaptation_set(self, splits: dict[str, str]) -> Collection:
        """The objects to adapt to."""
        return self.collection.subset({object_id for object_id, side in splits.items() if side == "adapt"})

    def truth(self) -> pd.Series:
        """Class index by object id, to score with."""
        labels = pd.DataFrame({"object_id": self.collection.object_ids, "class_name": self.class_name})
        return class_index_of(labels, self.class_names)


def load_inputs(env: str, runtime_parameters: dict[str, Any]) -> Inputs:
    """Stored objects and configuration of a Kedro environment.

    Raises:
        CrossmostError: if it has other encoders than the mini ones.
    """
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env=env, runtime_params=runtime_parameters) as session:
        context = cast(KedroSession, session).load_context()
        load = context.catalog.load
        collection = load_collection(load("views"), load("clouds"))
        order = list(collection.object_ids)
        zeroshot = ZeroshotParameters.model_validate(context.params["zeroshot"])
        if zeroshot.encoders.backbone != "mini":
            raise CrossmostError(f"--env={env} has other encoders, but this measures the mini encoders alone")
        return Inputs(
            collection=collection,
            duplicate_group=load("objects").set_index("object_id")["duplicate_group"].loc[order].tolist(),
            class_name=load("labels").set_index("object_id")["class_name"].loc[order].tolist(),
            class_names=load("class_names"),
            encoders=load("mini_encoders"),
            selftraining=SelftrainingParameters.model_validate(context.params["selftraining"]),
            zeroshot=zeroshot,
            least_changed_share=EvaluationParameters.model_validate(context.params["evaluation"]).least_changed_share,
        )


class Run:
    """One method on one split: a model, made to be adapted and scored."""

    def __init__(self, inputs: Inputs, splits: dict[str, str], method: str) -> None:
        self.inputs, self.splits, self.method = inputs, splits, method
        encoders = Encoders.from_checkpoint(inputs.encoders).eval()
        self.image_mean, self.image_std = encoders.image_mean, encoders.image_std
        self.model = JointModel(encoders, text_classifier(encoders, inputs.class_names, inputs.zeroshot.templates))
        self.reliability: Tensor | None = None

    def scored(self, objects: Collection, *, keep_embeddings: bool = False) -> Scored:
        """Of the model as it is now."""
        return score_collection(
            self.model,
            objects,
            self.splits,
            method=self.method,
            image_mean=self.image_mean,
            image_std=self.image_std,
            n_points=self.inputs.zeroshot.n_points,
            batch_size=self.inputs.zeroshot.batch_size,
            reliability=self.reliability,
            keep_embeddings=keep_embeddings,
        )

    def adapt(self, settings: SelfTrainingSettings, reference: Scores, transductive: Scores) -> SelfTrainingResult:
        """Self-train; ``reference`` are the zero-shot scores, ``transductive`` those of the head."""
        fusion = fusion_from_scores(reference)
        objects = self.inputs.adaptation_set(self.splits)
        result = self_train(
            self.model,
            objects.for_tower(self.model.point_tower.config.in_channels),
            settings,
            image_mean=self.image_mean,
            image_std=self.image_std,
            fusion=fusion,
            transductive=predictions_from_scores(transductive, objects.object_ids),
            title=f"{self.method}, seed {settings.seed}",
        )
        self.model.load_state_dict(result.teacher)
        self.reliability = fusion.reliability
        return result


def run_seed(inputs: Inputs, seed: int, methods: Sequence[str] = METHODS) -> Iterator[dict[str, Any]]:
    """Rows (seed, method, split, view, top1, seconds of adapting, facts without and about labels) of one seed."""
    splits, truth = inputs.split(seed), inputs.truth()
    zeroshot = Run(inputs, splits, "zeroshot").scored(inputs.collection, keep_embeddings=True)
    reference = zeroshot.scores
    started = time.perf_counter()
    transductive = transductive_scores(*zeroshot, inputs.zeroshot.transduction)
    seconds_of_head = time.perf_counter() - started
    settings_of = {
        "crossmost": inputs.selftraining.crossmost,
        "selftrain_separate": inputs.selftraining.separate_settings(),
    }
    for method in methods:
        scores, seconds, facts = reference, 0.0, {}
        started, started_cpu = time.perf_counter(), time.process_time()
        if method == "transductive":
            scores, seconds = transductive, seconds_of_head
        elif method != "zeroshot":
            run = Run(inputs, splits, method)
            result = run.adapt(settings_of[method].model_copy(update={"seed": seed}), reference, transductive)
            seconds, facts["cpu_seconds"] = time.perf_counter() - started, time.process_time() - started_cpu
            scores = run.scored(inputs.collection).scores
            facts |= label_free_criteria(scores, reference) | run_facts(result, truth)
            facts["changed_share"] = share_of_changed_labels(reference, scores)
        for (side, view), top1 in accuracies(scores, truth).items():
            found = {"seed": seed, "method": method, "split": side, "view": view, "top1": top1}
            yield {**found, "seconds": seconds, **facts}
        if method == "crossmost" and "zeroshot" in methods:
            taken = answer_method(facts["changed_share"], inputs.least_changed_share)
            for (side, view), top1 in accuracies(scores if taken == method else reference, truth).items():
                if view == "joint":
                    yield {"seed": seed, "method": ANSWER, "split": side, "view": view, "top1": top1, "seconds": 0.0}


def run_facts(result: SelfTrainingResult, truth: pd.Series) -> dict[str, float]:
    """About the last ten steps, and coverage and accuracy of the last epoch's pseudo-labels."""
    facts = {fact: float(result.log[fact].tail(10).mean()) for fact in LOGGED}
    last = result.pseudo_labels[result.pseudo_labels["epoch"] == result.pseudo_labels["epoch"].max()]
    right = truth.reindex(last["object_id"]).to_numpy()
    for modality in ("image", "point"):
        kept = last[f"kept_{modality}"].to_numpy()
        facts[f"coverage_{modality}"] = float(kept.mean())
        facts[f"label_top1_{modality}"] = float((last[f"label_{modality}"].to_numpy() == right)[kept].mean())
    return facts


def accuracies(scores: Scores, truth: pd.Series) -> dict[tuple[str, str], float]:
    """Share of right predictions by (split, view)."""
    wanted = truth.reindex(list(scores.object_ids)).to_numpy()
    is_right = np.empty(scores.probabilities.shape[:2], dtype=bool)  # (N, V + 3)
    for rows in scores.blocks():
        is_right[rows] = scores.probabilities[rows].argmax(axis=-1) == wanted[rows, None]
    sides, views = np.array(scores.splits), np.array(scores.view_names())
    return {
        (str(side), view): float(is_right[sides == side][:, views == view].mean())
        for side in np.unique(sides)
        for view in sorted(VIEWS)
    }


def summarize(rows: pd.DataFrame, methods: Sequence[str] = METHODS) -> Table:
    """Mean ± standard deviation over seeds, in percent; then paired gains of crossmost."""
    table = Table(title=f"top-1 %, mean ± sd over {rows['seed'].nunique()} seeds of split and training")
    for column in ("split", "method", *VIEWS, "seconds"):
        table.add_column(column, no_wrap=True)
    cells = rows.pivot_table(index=["split", "method", "seed"], columns="view", values="top1")
    present = [method for method in methods if method in set(rows["method"])]
    answered = [ANSWER] if ANSWER in set(rows["method"]) else []
    for side in ("adapt", "test"):
        for method in (*present, *answered):
            values = _by_view(cells, side, method)
            seconds = rows.loc[rows["method"] == method, "seconds"].mean()
            table.add_row(side, method, *(_cell(values[view]) for view in VIEWS), f"{seconds:.0f}")
        if "crossmost" in present:
            for other in present[:-1]:
                gain = _by_view(cells, side, "crossmost") - _by_view(cells, side, other)
                table.add_row(side, f"crossmost − {other}", *(_cell(gain[view], "+") for view in VIEWS), "")
    return table


def _by_view(cells: pd.DataFrame, side: str, method: str) -> pd.DataFrame:
    """Accuracies of one split and method: a row per seed, a column per view."""
    return pd.DataFrame(cells.xs((side, method), level=("split", "method")))


def _cell(values: pd.Series, sign: str = "") -> str:
    if values.isna().all():
        return ""
    spread = values.std() if len(values) > 1 else 0.0
    return f"{100 * values.mean():{sign}.1f} ± {100 * spread:.1f}"


def report(rows: pd.DataFrame) -> None:
    """Print both tables: accuracy, and what the last epoch's pseudo-labels were like."""
    console = Console(width=140)
    console.print(summarize(rows))
    if facts := [fact for fact in FACTS if fact in rows]:
        console.print(rows.groupby("method")[facts].mean().dropna().round(3).to_string())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="base", help="Kedro environment")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--json", type=Path, help="also write the rows here")
    arguments = parser.parse_args()
    inputs = load_inputs(arguments.env, {})
    rows = pd.DataFrame([row for seed in arguments.seeds for row in run_seed(inputs, seed, arguments.methods)])
    report(rows)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows.to_dict(orient="records"), indent=1))


if __name__ == "__main__":
    main()
