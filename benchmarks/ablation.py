"""What each rule, term, technique and arithmetic choice is worth: one row per change of the default.

    python -m benchmarks.ablation                                    # all rows, scans, three seeds
    python -m benchmarks.ablation --env furniture_cad --rows default paper "rule: separate"
    python -m benchmarks.ablation --env shapes --foreign 0.1 --rows default "soft targets"     # a tuning ground
    python -m benchmarks.ablation --folds 5 --seeds 0 1 2 3 4 --reference "paper's labels" \\
        --rows default "paper's labels" "paper's labels + pooled"              # techniques, each alone on the paper's

Reads what `kedro run --pipelines=ingestion,rendering --env=…` has made. Labels draw the stratified split and score the
result; nothing else sees them. Rows that are done are kept in the JSON file: an interrupted table goes on, with the
same code and default settings.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.ablation_rows import ROWS
from benchmarks.accuracy import WITHOUT_LABELS, Inputs, load_inputs, run_seed
from benchmarks.tune import tuning_target
from crossmost.scores import VIEWS
from crossmost.shards import code_fingerprint, fingerprint
from crossmost.tuning import with_changes


def run_row(inputs: Inputs, row: str, seed: int) -> list[dict[str, Any]]:
    """Results of one row and seed."""
    changes = {**ROWS[row], "crossmost.snapshots": 0, "crossmost.engine.checkpoint_seconds": None}
    altered = replace(inputs, selftraining=with_changes(inputs.selftraining, changes))
    return [{"row": row, **result} for result in run_seed(altered, seed, ["crossmost"])]


def default_fingerprint(inputs: Inputs) -> str:
    """Of what all rows have in common, so that no difference is taken between rows of different code or defaults."""
    settings = inputs.selftraining.model_dump(mode="json", exclude={"scratch"})
    encoders = {name: value.double().sum().item() for name, value in inputs.encoders.tensors.items()}
    code = code_fingerprint("crossmost.selftraining", "crossmost.models", "crossmost.transduction")
    return fingerprint(settings, inputs.zeroshot.model_dump(mode="json"), encoders, inputs.collection.digest(), code)[
        :12
    ]


def table(rows: pd.DataFrame, split: str, reference: str = "default") -> Table:
    """Mean top-1 of a split in percent, and the paired difference to a row ± its standard deviation; CPU seconds."""
    printed = Table(title=f"top-1 %, split {split}, mean over seeds of split and training (difference to {reference})")
    for column in ("row", "seeds", *VIEWS, "CPU s"):
        printed.add_column(column, no_wrap=True)
    seconds = rows.groupby("row")["cpu_seconds"].mean() if "cpu_seconds" in rows else pd.Series(dtype=float)
    cells = 100 * rows[rows["split"] == split].pivot_table(index=["row", "seed"], columns="view", values="top1")
    for name in rows["row"].unique():
        values = cells.loc[name]
        shown = [f"{mean:.1f}" for mean in values[list(VIEWS)].mean()]
        if name != reference and reference in cells.index:
            difference = (values - cells.loc[reference]).dropna()
            spread = difference.std().fillna(0)
            shown = [
                f"{mean} ({difference[view].mean():+.1f} ± {spread[view]:.1f})"
                for mean, view in zip(shown, VIEWS, strict=True)
            ]
        time = seconds.get(name, float("nan"))
        printed.add_row(str(name), str(len(values)), *shown, "" if pd.isna(time) else f"{time:.0f}")
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
    parser.add_argument("--folds", type=int, help="hold out a fold of so many per seed, in place of a drawn 30 %%")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--reference", choices=list(ROWS), default="default", help="the row that differences are to")
    parser.add_argument("--json", type=Path, default=Path("ablation.json"), help="results, added to if there")
    arguments = parser.parse_args()
    done: list[dict[str, Any]] = json.loads(arguments.json.read_text()) if arguments.json.is_file() else []
    folds = None if arguments.folds is None else f"{arguments.folds} folds"
    parts = (arguments.env, arguments.data_root, arguments.foreign, folds)
    ground = " ".join(str(part) for part in parts if part is not None)
    if others := {result["ground"] for result in done} - {ground}:
        parser.error(f"{arguments.json} holds results on {', '.join(sorted(others))}; name another file with --json")
    finished = {(result["row"], result["seed"]) for result in done}
    inputs = load_inputs(arguments.env, {"data_root": arguments.data_root} if arguments.data_root else {})
    if arguments.foreign is not None:
        inputs = tuning_target(inputs, arguments.foreign)
    inputs = replace(inputs, n_folds=arguments.folds)
    made_with = default_fingerprint(inputs)
    if others := {result.get("made_with") for result in done} - {made_with}:
        parser.error(
            f"{arguments.json} has rows of {len(others)} other default(s) or code; name another file with --json"
        )
    for seed in arguments.seeds:
        zeroshot = [] if ("zero-shot", seed) in finished else list(run_seed(inputs, seed, ["zeroshot"]))
        about = {"ground": ground, "made_with": made_with}
        done += [{**about, "row": "zero-shot", **result} for result in zeroshot]
        for row in arguments.rows:
            if (row, seed) not in finished:
                done += [{**about, **result} for result in run_row(inputs, row, seed)]
                arguments.json.write_text(json.dumps(done, indent=1))
    rows, console = pd.DataFrame(done), Console(width=170)
    for split in ("adapt", "test"):
        console.print(table(rows, split, arguments.reference))
    if "agreement" in rows:
        console.print(rank_correlation(rows))


if __name__ == "__main__":
    main()
