"""What each rule, term, technique and arithmetic choice is worth: one row per change of the default.

    python -m benchmarks.ablation                                    # all rows, scans, three seeds
    python -m benchmarks.ablation --env furniture_cad --rows default paper "rule: separate"
    python -m benchmarks.ablation --env shapes --foreign 0.1 --rows default "soft targets"     # a tuning ground

Reads what `kedro run --pipelines=ingestion,rendering --env=…` has made. Labels draw the stratified split and score the
result; nothing else sees them. Rows that are done are kept in the JSON file: an interrupted table goes on.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy import PROJECT, VIEWS, WITHOUT_LABELS, Inputs, load_inputs, run_seed
from benchmarks.tune import tuning_target
from crossmost.tuning import with_changes

Changes = dict[str, Any]


def _dotted(tree: Changes, prefix: str) -> Changes:
    """Nested settings → dotted keys."""
    flat: Changes = {}
    for name, value in tree.items():
        key = f"{prefix}.{name}"
        flat |= _dotted(value, key) if isinstance(value, dict) else {key: value}
    return flat


def paper_changes() -> Changes:
    """What the environment `paper` changes."""
    tree = yaml.safe_load((PROJECT / "conf/paper/parameters.yml").read_text())
    return _dotted(tree["selftraining"]["crossmost"], "crossmost")


PAPER = paper_changes()
ARITHMETIC = (
    "masked_pass",
    "image_modeling_divisor",
    "point_modeling_target",
    "point_modeling_divisor",
    "point_alignment_anchor",
    "contrast_temperature",
    "contrast_negatives",
    "mini_pointnet_statistics",
    "decay_logit_scale",
)
"""Arithmetic settings that matter on one process."""

SINGLE_CHOICES: dict[str, tuple[str, ...]] = {
    **{f"paper's {name}": (f"arithmetic.{name}",) for name in ARITHMETIC},
    "paper's weight of the contrast": ("loss_weights.cross",),
    "paper's thresholds": tuple(f"pseudo_labels.threshold_{of}" for of in ("image", "point", "joint")),
    "paper's weak image size": ("image_augmentation.resize",),
    "paper's uncropped clouds": ("point_augmentation.strong_crop",),
    "paper's scaled clouds": ("point_augmentation.renormalize",),
    "paper's stochastic depth": ("point_drop_path",),
    "paper's fill of dropped points": ("point_augmentation.strong_fill",),
    "paper's interpolation": ("image_augmentation.rand_augment_interpolation",),
    "trained classifier": ("classifier_learning_rate",),
    "adapted weights alone": ("adapted_share.image",),
    "one teacher view": ("teacher_views",),
    "published teacher decay": ("ema_init", "ema_final", "ema_warmup_steps"),
}
"""Row → settings of `crossmost` that alone are as in the environment `paper`."""

_LABELS = "crossmost.pseudo_labels."
TECHNIQUES: dict[str, Changes] = {
    "self-adaptive thresholds": {_LABELS + "weighting": "self_adaptive"},
    "soft weights": {_LABELS + "weighting": "soft"},
    "no threshold": {_LABELS + "threshold_joint": 0.0},
    "soft targets": {_LABELS + "targets": "soft"},
    "soft weights and targets": {_LABELS + "weighting": "soft", _LABELS + "targets": "soft"},
    "soft targets, self-adaptive thresholds": {_LABELS + "targets": "soft", _LABELS + "weighting": "self_adaptive"},
    "class frequencies of the joint prediction": {"crossmost.class_prior": "joint"},
    "balance": {_LABELS + "balance": True},
    "balance, class frequencies of the joint prediction": {
        _LABELS + "balance": True,
        "crossmost.class_prior": "joint",
    },
    "prototypes": {_LABELS + "prototypes": 1.0},
    "soft targets, prototypes": {_LABELS + "targets": "soft", _LABELS + "prototypes": 1.0},
    **{f"diversity {share}": {_LABELS + "diversity": share} for share in (0.25, 0.5, 1.0)},
    "soft targets, diversity 0.25": {_LABELS + "targets": "soft", _LABELS + "diversity": 0.25},
    **{
        f"first labels of the transductive head, {epochs} epochs": {_LABELS + "transductive_epochs": epochs}
        for epochs in (4, 12)
    },
    "points half-way too": {"crossmost.adapted_share.point": 0.5},
    "images three quarters": {"crossmost.adapted_share.image": 0.75},
    "half the epochs": {"crossmost.epochs": 12},
    "all labeling techniques": {
        _LABELS + "weighting": "soft",
        _LABELS + "targets": "soft",
        _LABELS + "diversity": 0.25,
        _LABELS + "balance": True,
        _LABELS + "prototypes": 1.0,
        "crossmost.class_prior": "joint",
    },
}
"""Beyond the paper (docs/method.md): what could make labels better."""

ROWS: dict[str, Changes] = {
    "default": {},
    "paper": PAPER,
    **{
        f"rule: {rule}": {"crossmost.pseudo_labels.rule": rule}
        for rule in ("joint", "separate", "agreement", "random", "image_only", "point_only")
    },
    **{f"without {term}": {f"crossmost.loss_weights.{term}": 0.0} for term in ("fairness", "modeling", "alignment")},
    "without contrast": {"crossmost.loss_weights.cross": 0.0},
    "class frequencies of the teacher": {"crossmost.class_prior": "teacher"},
    **{
        row: {f"crossmost.{name}": PAPER[f"crossmost.{name}"] for name in names}
        for row, names in SINGLE_CHOICES.items()
    },
    **TECHNIQUES,
}


def run_row(inputs: Inputs, row: str, seed: int) -> list[dict[str, Any]]:
    """Results of one row and seed."""
    changes = {**ROWS[row], "crossmost.snapshots": 0, "crossmost.engine.checkpoint_seconds": None}
    altered = replace(inputs, selftraining=with_changes(inputs.selftraining, changes))
    return [{"row": row, **result} for result in run_seed(altered, seed, ["crossmost"])]


def table(rows: pd.DataFrame, split: str) -> Table:
    """Mean top-1 of a split in percent, and the paired difference to the default ± its standard deviation."""
    printed = Table(title=f"top-1 %, split {split}, mean over seeds of split and training (difference to the default)")
    for column in ("row", "seeds", *VIEWS):
        printed.add_column(column, no_wrap=True)
    cells = 100 * rows[rows["split"] == split].pivot_table(index=["row", "seed"], columns="view", values="top1")
    for name in rows["row"].unique():
        values = cells.loc[name]
        shown = [f"{mean:.1f}" for mean in values[list(VIEWS)].mean()]
        if name != "default" and "default" in cells.index:
            difference = (values - cells.loc["default"]).dropna()
            spread = difference.std().fillna(0)
            shown = [
                f"{mean} ({difference[view].mean():+.1f} ± {spread[view]:.1f})"
                for mean, view in zip(shown, VIEWS, strict=True)
            ]
        printed.add_row(str(name), str(len(values)), *shown)
    return printed


def rank_correlation(rows: pd.DataFrame) -> Table:
    """Spearman's rank correlation over runs between what can be seen without labels and top-1.

    Ranks are within a seed, whose split makes all its runs easier or harder.
    """
    facts = [fact for fact in WITHOUT_LABELS if fact in rows]
    runs = rows[rows[facts].notna().all(axis=1)]
    number = len(runs[["row", "seed"]].drop_duplicates())
    printed = Table(title=f"rank correlation with top-1 over {number} runs: adapt / test")
    for column in ("seen without labels", *VIEWS, "mean of all"):
        printed.add_column(column, no_wrap=True)
    by_split = {split: _ranks(runs[runs["split"] == split], facts) for split in ("adapt", "test")}
    for fact in facts:
        cells = [
            " / ".join(f"{ranks[fact].corr(ranks[view]):+.2f}" for ranks in by_split.values())
            for view in (*VIEWS, "mean")
        ]
        printed.add_row(fact.replace("_", " "), *cells)
    return printed


def _ranks(runs: pd.DataFrame, facts: list[str]) -> pd.DataFrame:
    """A row per run; ranks within its seed of facts, of top-1 by view, and of its mean over views."""
    top1 = runs.pivot_table(index=["seed", "row"], columns="view", values="top1")
    seen = runs.groupby(["seed", "row"])[facts].first()
    return pd.concat([seen, top1.assign(mean=top1.mean(axis=1))], axis=1).groupby("seed").rank(pct=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="base", help="Kedro environment")
    parser.add_argument("--data-root", help="folder of the environment's results, if it is not its own")
    parser.add_argument("--foreign", type=float, help="corrupt views and class frequencies as benchmarks.tune does")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--json", type=Path, default=Path("ablation.json"), help="results, added to if there")
    arguments = parser.parse_args()
    done: list[dict[str, Any]] = json.loads(arguments.json.read_text()) if arguments.json.is_file() else []
    ground = " ".join(str(part) for part in (arguments.env, arguments.data_root, arguments.foreign) if part is not None)
    if others := {result["ground"] for result in done} - {ground}:
        parser.error(f"{arguments.json} holds results on {', '.join(sorted(others))}; name another file with --json")
    finished = {(result["row"], result["seed"]) for result in done}
    inputs = load_inputs(arguments.env, {"data_root": arguments.data_root} if arguments.data_root else {})
    if arguments.foreign is not None:
        inputs = tuning_target(inputs, arguments.foreign)
    for seed in arguments.seeds:
        zeroshot = [] if ("zero-shot", seed) in finished else list(run_seed(inputs, seed, ["zeroshot"]))
        done += [{"ground": ground, "row": "zero-shot", **result} for result in zeroshot]
        for row in arguments.rows:
            if (row, seed) not in finished:
                done += [{"ground": ground, **result} for result in run_row(inputs, row, seed)]
                arguments.json.write_text(json.dumps(done, indent=1))
    rows, console = pd.DataFrame(done), Console(width=170)
    for split in ("adapt", "test"):
        console.print(table(rows, split))
    if "agreement" in rows:
        console.print(rank_correlation(rows))


if __name__ == "__main__":
    main()
