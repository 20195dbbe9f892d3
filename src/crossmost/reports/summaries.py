"""Small tables of the report: results and data quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crossmost.reports.figures import splits_in
from crossmost.reports.names import VIEW_NAMES, method_name

BEFORE = "zeroshot"


@dataclass(frozen=True)
class Cell:
    """One result: shares in [0, 1]; `gain` against zero-shot is None for zero-shot itself; `best` in its column."""

    value: float
    gain: float | None
    second: float | None
    best: bool


@dataclass(frozen=True)
class ResultRow:
    """All results of one method on one split, by view; None where a view was not evaluated."""

    name: str
    cells: dict[str, Cell | None]


@dataclass(frozen=True)
class QuarantineLine:
    """Objects that were left out for one reason."""

    stage: str
    reason: str
    count: int
    examples: list[str]


@dataclass(frozen=True)
class DataQuality:
    """What went in and what was left out."""

    n_usable: int
    n_left_out: int
    n_textured: int | None
    n_unlabeled: int
    median_vertices: int | None
    views_per_object: str
    quarantine: list[QuarantineLine]
    class_counts: list[dict[str, Any]]


def result_tables(metrics: Mapping[str, Any]) -> dict[str, list[ResultRow]]:
    """Split -> rows by method; the value is top-1 (second: mean per class) or, without labels, confidence."""
    tables = {}
    for split in splits_in(metrics):
        results = {method: by_split.get(split, {}) for method, by_split in metrics["methods"].items()}
        best = {
            view: max((_value(of_view[view]) for of_view in results.values() if view in of_view), default=None)
            for view in VIEW_NAMES
        }
        tables[split] = [
            ResultRow(
                method_name(method),
                {view: _cell(by_view, results.get(BEFORE, {}), view, method, best[view]) for view in VIEW_NAMES},
            )
            for method, by_view in results.items()
        ]
    return tables


def _value(entry: Mapping[str, float]) -> float:
    return entry["top1"] if "top1" in entry else entry["confidence"]


def _cell(
    by_view: Mapping[str, Any], baseline: Mapping[str, Any], view: str, method: str, best: float | None
) -> Cell | None:
    if view not in by_view:
        return None
    entry = by_view[view]
    gain = None if method == BEFORE or view not in baseline else _value(entry) - _value(baseline[view])
    return Cell(
        value=_value(entry),
        gain=gain,
        second=entry.get("mean_class", entry.get("agreement")),
        best="top1" in entry and _value(entry) == best,
    )


def data_quality(
    objects: pd.DataFrame,
    labels: pd.DataFrame,
    predictions: pd.DataFrame,
    quarantine: pd.DataFrame,
    render_quarantine: pd.DataFrame,
    view_counts: Mapping[str, int],
    *,
    most_examples: int = 8,
) -> DataQuality:
    """Count usable and quarantined objects, the reasons, views per object, and objects per class and split.

    Args:
        objects: the objects table.
        labels: true labels; may be empty.
        predictions: one row per object that was scored.
        quarantine: `object_id, stage, reason` of ingestion.
        render_quarantine: the same of rendering.
        view_counts: object_id -> number of stored views.
        most_examples: object ids listed per reason.
    """
    lines = []
    left_out = pd.concat([quarantine, render_quarantine], ignore_index=True)
    for (stage, reason), group in left_out.groupby(["stage", "reason"], sort=False):
        ids = group["object_id"].astype(str).tolist()
        lines.append(QuarantineLine(str(stage), str(reason), len(ids), ids[:most_examples]))
    scored = objects[objects["object_id"].isin(predictions["object_id"])]
    class_of = labels.drop_duplicates("object_id").set_index("object_id")["class_name"]
    truth = scored["object_id"].map(class_of)
    counts = pd.crosstab(truth, scored["split"]).reindex(columns=["adapt", "test"], fill_value=0)
    has = set(scored.columns)
    return DataQuality(
        n_usable=len(scored),
        n_left_out=left_out["object_id"].nunique(),
        n_textured=int(scored["has_texture"].fillna(False).sum()) if "has_texture" in has else None,
        n_unlabeled=int(truth.isna().sum()),
        median_vertices=int(scored["n_vertices"].median()) if "n_vertices" in has and len(scored) else None,
        views_per_object=_range(view_counts),
        quarantine=sorted(lines, key=lambda line: -line.count),
        class_counts=[
            {"class_name": name, "adapt": int(row["adapt"]), "test": int(row["test"])}
            for name, row in counts.iterrows()
        ],
    )


def _range(view_counts: Mapping[str, int]) -> str:
    if not view_counts:
        return "none"
    low, high = min(view_counts.values()), max(view_counts.values())
    return str(low) if low == high else f"{low} to {high}"
