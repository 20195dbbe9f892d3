"""The result table shown at the end of a run."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

BASELINE = "zeroshot"
SPLITS = ("adapt", "test")
VIEWS = {"image_single": "one view", "image": "image", "point": "point", "joint": "joint"}


def result_table(metrics: Mapping[str, Any]) -> Table:
    """Top-1 accuracy in percent of every method, split and view, with the gain over zero-shot.

    Args:
        metrics: The content of ``metrics.json``; accuracies are fractions in [0, 1].

    Returns:
        One row per method; a cell is empty where a method was not evaluated.
    """
    methods = metrics["methods"]
    baseline = methods.get(BASELINE, {})
    splits = [split for split in SPLITS if any(split in method for method in methods.values())]
    sizes = ", ".join(f"{split} {metrics[f'n_{split}']}" for split in splits)
    table = Table(
        title=f"Top-1 accuracy (%) on {metrics['dataset']}: {metrics['n_classes']} classes; objects: {sizes}",
        caption=f"in brackets: gain over {BASELINE}, in points",
    )
    table.add_column("method")
    for split in splits:
        for label in VIEWS.values():
            table.add_column(f"{split}\n{label}", justify="right")
    for name, results in methods.items():
        cells = [
            _cell(results, {} if name == BASELINE else baseline, split, view)
            for split in splits
            for view in VIEWS
        ]
        table.add_row(name, *cells)
    return table


def _cell(results: Mapping[str, Any], baseline: Mapping[str, Any], split: str, view: str) -> str:
    accuracy = _top1(results, split, view)
    if accuracy is None:
        return ""
    reference = _top1(baseline, split, view)
    gain = "" if reference is None else f" ({100 * (accuracy - reference):+.1f})"
    return f"{100 * accuracy:.1f}{gain}"


def _top1(results: Mapping[str, Any], split: str, view: str) -> float | None:
    value = results.get(split, {}).get(view, {}).get("top1")
    return None if value is None else float(value)
