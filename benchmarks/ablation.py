"""What each rule, term and arithmetic choice is worth: one row per change of the default.

    python -m benchmarks.ablation                                    # all rows, scans, three seeds
    python -m benchmarks.ablation --env furniture_cad --rows default paper "rule: separate"

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


ARITHMETIC: dict[str, Any] = {
    "masked_pass": "shared",
    "image_modeling_divisor": "tokens",
    "point_modeling_target": "mask_token",
    "point_modeling_divisor": "tokens_and_batch",
    "point_alignment_anchor": "class_token",
    "contrast_temperature": 1.0,
    "contrast_negatives": "all",
    "mini_pointnet_statistics": "batch",
    "decay_logit_scale": True,
}
"""The paper's choice for each arithmetic setting that matters on one process."""

ROWS: dict[str, Changes] = {
    "default": {},
    "paper": paper_changes(),
    **{
        f"rule: {rule}": {"crossmost.pseudo_labels.rule": rule}
        for rule in ("joint", "separate", "agreement", "random", "image_only", "point_only")
    },
    **{f"without {term}": {f"crossmost.loss_weights.{term}": 0.0} for term in ("fairness", "modeling", "alignment")},
    "without contrast": {"crossmost.loss_weights.cross": 0.0},
    "trained classifier": {"crossmost.classifier_learning_rate": 1.0},
    "adapted weights alone": {"crossmost.adapted_share.image": 1.0},
    "one teacher view": {"crossmost.teacher_views": 1},
    "points half-way too": {"crossmost.adapted_share.point": 0.5},
    "class frequencies of the teacher": {"crossmost.class_prior": "teacher"},
    "class frequencies of the joint prediction": {"crossmost.class_prior": "joint"},
    "self-adaptive thresholds": {"crossmost.pseudo_labels.weighting": "self_adaptive"},
    "soft weights": {"crossmost.pseudo_labels.weighting": "soft"},
    "soft targets": {"crossmost.pseudo_labels.targets": "soft"},
    "soft weights and targets": {
        "crossmost.pseudo_labels.weighting": "soft",
        "crossmost.pseudo_labels.targets": "soft",
    },
    **{f"diversity {share}": {"crossmost.pseudo_labels.diversity": share} for share in (0.25, 0.5)},
    "balance": {"crossmost.pseudo_labels.balance": True},
    "balance, class frequencies of the joint prediction": {
        "crossmost.pseudo_labels.balance": True,
        "crossmost.class_prior": "joint",
    },
    "prototypes": {"crossmost.pseudo_labels.prototypes": 1.0},
    "published teacher decay": {
        "crossmost.ema_init": 0.99,
        "crossmost.ema_final": 0.9998,
        "crossmost.ema_warmup_steps": 400,
    },
    **{f"paper's {name}": {f"crossmost.arithmetic.{name}": value} for name, value in ARITHMETIC.items()},
}


def run_row(inputs: Inputs, row: str, seed: int) -> list[dict[str, Any]]:
    """Results of one row and seed."""
    changes = {**ROWS[row], "crossmost.snapshots": 0, "crossmost.engine.checkpoint_every": 0}
    altered = replace(inputs, selftraining=with_changes(inputs.selftraining, changes))
    return [{"row": row, **result} for result in run_seed(altered, seed, ["crossmost"])]


def table(rows: pd.DataFrame) -> Table:
    """Test accuracies, mean ± standard deviation over seeds, in percent; and the gain over zero-shot's joint."""
    seeds = rows["seed"].nunique()
    printed = Table(title=f"top-1 % on held-out objects, mean ± sd over {seeds} seeds of split and training")
    for column in ("row", *VIEWS, "seconds"):
        printed.add_column(column, no_wrap=True)
    test = rows[rows["split"] == "test"]
    for name, group in test.groupby("row", sort=False):
        cells = []
        for view in VIEWS:
            values = 100 * group.loc[group["view"] == view, "top1"]
            cells.append(f"{values.mean():.1f} ± {values.std() if len(values) > 1 else 0:.1f}")
        printed.add_row(str(name), *cells, f"{group['seconds'].mean():.0f}")
    return printed


def rank_correlation(rows: pd.DataFrame) -> Table:
    """Spearman's rank correlation over runs between what can be seen without labels and accuracy on held-out objects.

    Ranks are within a seed, whose split makes all its runs easier or harder.
    """
    runs = rows[(rows["split"] == "test") & rows["agreement"].notna()]
    printed = Table(title=f"rank correlation with top-1 on held-out objects over {len(runs) // len(VIEWS)} runs")
    for column in ("seen without labels", *VIEWS):
        printed.add_column(column)
    for fact in WITHOUT_LABELS:
        cells = []
        for view in VIEWS:
            of_view = runs[runs["view"] == view]
            ranks = of_view.groupby("seed")[[fact, "top1"]].rank(pct=True)
            cells.append(f"{ranks[fact].corr(ranks['top1']):+.2f}")
        printed.add_row(fact.replace("_", " "), *cells)
    return printed


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="base", help="Kedro environment")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--json", type=Path, default=Path("ablation.json"), help="results, added to if there")
    arguments = parser.parse_args()
    done: list[dict[str, Any]] = json.loads(arguments.json.read_text()) if arguments.json.is_file() else []
    finished = {(result["row"], result["seed"]) for result in done}
    inputs = load_inputs(arguments.env, {})
    for seed in arguments.seeds:
        zeroshot = [] if ("zero-shot", seed) in finished else list(run_seed(inputs, seed, ["zeroshot"]))
        done += [{"row": "zero-shot", **result} for result in zeroshot]
        for row in arguments.rows:
            if (row, seed) not in finished:
                done += run_row(inputs, row, seed)
                arguments.json.write_text(json.dumps(done, indent=1))
    rows = pd.DataFrame(done)
    Console(width=150).print(table(rows))
    if "agreement" in rows:
        Console(width=150).print(rank_correlation(rows))


if __name__ == "__main__":
    main()
