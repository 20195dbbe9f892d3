"""How results spread over several runs that differ in their seed only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from crossmost.errors import CrossmostError
from crossmost.reports.figures import styled
from crossmost.reports.names import SPLIT_NAMES, VIEW_NAMES, method_color, method_name, plain
from crossmost.reports.words import percent, points

BASELINE = "zeroshot"
SAME_JOB = ("dataset", "n_classes")
COLUMNS = ["seed", "method", "split", "view", "top1", "gain"]


def collect_seeds(metrics: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Accuracies of this run and of the same job under other seeds.

    Args:
        metrics: metrics.json of this run.
        others: file name -> metrics.json of other runs; one with the seed of this run is this run again.

    Returns:
        `seed, method, split, view, top1, gain` (gain over zero-shot of the same seed); empty when there is one seed or
        when there are no labels.

    Raises:
        CrossmostError: a document is of another job, or two have the same seed.
    """
    documents = {int(metrics["seed"]): metrics}
    for name, document in others.items():
        differing = [key for key in SAME_JOB if document.get(key) != metrics[key]]
        if differing or "seed" not in document or "methods" not in document:
            key = differing[0] if differing else "seed and methods"
            raise CrossmostError(
                f"seeds/{name}.json is not of the same job: {key} is {document.get(key)!r}, here {metrics.get(key)!r}. "
                "Keep only metrics.json files of this data set in that folder."
            )
        counts = [run.get("n_adapt", 0) + run.get("n_test", 0) for run in (document, metrics)]
        if counts[0] != counts[1]:
            raise CrossmostError(
                f"seeds/{name}.json is of {counts[0]} objects, here are {counts[1]}. Keep only metrics.json files of "
                "runs that differ in their seed alone in that folder."
            )
        seed = int(document["seed"])
        if seed in documents and seed != metrics["seed"]:
            raise CrossmostError(f"seeds/{name}.json repeats seed {seed}: keep one file per seed.")
        documents.setdefault(seed, document)
    records = [
        {"seed": seed, "method": method, "split": split, "view": view, "top1": values["top1"]}
        for seed, document in sorted(documents.items())
        for method, by_split in document["methods"].items()
        for split, by_view in by_split.items()
        for view, values in by_view.items()
        if "top1" in values
    ]
    if len(documents) < 2 or not records:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.DataFrame(records)
    run = ["seed", "split", "view"]
    baseline = table[table["method"] == BASELINE][[*run, "top1"]].rename(columns={"top1": "baseline"})
    table = table.merge(baseline, on=run, how="left", validate="many_to_one")
    return table.assign(gain=table["top1"] - table["baseline"])[COLUMNS]


def seed_summary(seeds: pd.DataFrame) -> pd.DataFrame:
    """Mean and sample standard deviation over seeds: `method, split, view, n_seeds, top1, top1_sd, gain, gain_sd`."""
    grouped = seeds.groupby(["method", "split", "view"], sort=False)
    return grouped.agg(
        n_seeds=("seed", "nunique"),
        top1=("top1", "mean"),
        top1_sd=("top1", "std"),
        gain=("gain", "mean"),
        gain_sd=("gain", "std"),
    ).reset_index()


def seed_sentence(seeds: pd.DataFrame, split: str, method: str = "crossmost") -> list[str]:
    """The joint result over seeds in words; empty when there is one seed."""
    summary = seed_summary(seeds)
    rows: dict[Any, Any] = (
        summary[(summary["split"] == split) & (summary["view"] == "joint")].set_index("method").to_dict("index")
    )
    if method not in rows or BASELINE not in rows:
        return []
    before, after = rows[BASELINE], rows[method]
    return [
        f"Over {after['n_seeds']} seeds of split, scans and training: joint accuracy "
        f"{100 * before['top1']:.1f} ± {percent(before['top1_sd'])} before, "
        f"{100 * after['top1']:.1f} ± {percent(after['top1_sd'])} after, gain {points(after['gain'])} ± "
        f"{100 * after['gain_sd']:.1f} points (mean ± standard deviation)."
    ]


def seed_figure(seeds: pd.DataFrame, split: str) -> go.Figure:
    """Accuracy of every method and view: one dot per seed, and mean ± standard deviation beside it."""
    rows = seeds[seeds["split"] == split]
    views = [view for view in VIEW_NAMES if view in set(rows["view"])]
    methods = list(dict.fromkeys(rows["method"]))
    summary = seed_summary(rows).set_index(["method", "view"])
    figure = go.Figure()
    for position, method in enumerate(methods):
        color = method_color(method, position)
        shift = (position - (len(methods) - 1) / 2) * 0.72 / len(methods)
        dots = rows[rows["method"] == method]
        figure.add_scatter(
            name=plain(method_name(method)),
            legendgroup=method,
            x=[views.index(view) + shift - 0.04 for view in dots["view"]],
            y=100 * dots["top1"],
            customdata=dots["seed"],
            mode="markers",
            marker={"color": color, "size": 7, "opacity": 0.6},
            hovertemplate="seed %{customdata}: %{y:.1f} %<extra>%{fullData.name}</extra>",
        )
        means = [summary.loc[(method, view)] for view in views if (method, view) in summary.index]
        places = [index for index, view in enumerate(views) if (method, view) in summary.index]
        figure.add_scatter(
            name=plain(method_name(method)),
            legendgroup=method,
            showlegend=False,
            x=[place + shift + 0.04 for place in places],
            y=[100 * mean["top1"] for mean in means],
            error_y={"type": "data", "array": [100 * mean["top1_sd"] for mean in means], "thickness": 1.6, "width": 4},
            mode="markers",
            marker={"color": color, "size": 9, "symbol": "diamond"},
            hovertemplate="mean %{y:.1f} %<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(tickvals=list(range(len(views))), ticktext=[VIEW_NAMES[view] for view in views], showgrid=False)
    figure.update_yaxes(ticksuffix=" %")
    return styled(figure, height=360)


def seed_title(seeds: pd.DataFrame, split: str) -> str:
    """Title of the figure: split and seeds."""
    numbers = ", ".join(str(seed) for seed in sorted(seeds["seed"].unique()))
    return f"{SPLIT_NAMES[split]}, seeds {numbers}: dots, and mean ± standard deviation"
