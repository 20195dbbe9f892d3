"""The result table shown at the end of a run."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.table import Table

BASELINE = "zeroshot"
SPLITS = ("adapt", "test")
VIEWS = {"image_single": "one view", "image": "all views", "point": "points", "joint": "joint"}
METHODS = {"zeroshot": "zero-shot", "selftrain_separate": "separate", "crossmost": "Cross-MoST"}
"""Keys of ``metrics.json`` → what the documentation calls them; other methods are printed by their key."""


def result_table(metrics: Mapping[str, Any]) -> Table:
    """Top-1 accuracy in percent of every method, split and view, with the gain over zero-shot.

    An unlabeled collection has no accuracy: the mean confidence of the predictions stands there, and the title says so.

    Args:
        metrics: The content of ``metrics.json``; accuracies and confidences are fractions in [0, 1].

    Returns:
        One row per split and method; a cell is empty where a method was not evaluated. Fits 80 columns.
    """
    methods = metrics["methods"]
    baseline = methods.get(BASELINE, {})
    has_accuracy = _has_accuracy(methods)
    quantity = "Top-1 accuracy (%)" if has_accuracy else "No labels; mean confidence (%), which is not accuracy,"
    table = Table(
        title=f"{quantity} on {metrics['dataset']}, {metrics['n_classes']} classes",
        caption=f"second number: {'gain over' if has_accuracy else 'change against'} {METHODS[BASELINE]}",
        box=box.SIMPLE,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
    table.add_column("objects", no_wrap=True)
    table.add_column("method", no_wrap=True)
    for label in VIEWS.values():
        table.add_column(label, justify="right", no_wrap=True)
    for split in SPLITS:
        evaluated = {name: results for name, results in methods.items() if split in results}
        for position, (name, results) in enumerate(evaluated.items()):
            reference = {} if name == BASELINE else baseline
            cells = [_cell(results, reference, split, view) for view in VIEWS]
            heading = f"{split} {metrics[f'n_{split}']}" if position == 0 else ""
            table.add_row(heading, METHODS.get(name, name), *cells, end_section=position == len(evaluated) - 1)
    return table


def answer_line(method: str, changed_share: float) -> str:
    """Whose joint prediction is taken for objects of both modalities.

    Args:
        method: as in ``metrics.json``.
        changed_share: of the joint labels of the objects adapted to, those that self-training changed.
    """
    return (
        f"Answer for pictures and clouds together: joint, {METHODS.get(method, method)} (self-training changed "
        f"{100 * changed_share:.1f} % of the joint labels)"
    )


def _cell(results: Mapping[str, Any], baseline: Mapping[str, Any], split: str, view: str) -> str:
    value = _value(results, split, view)
    if value is None:
        return ""
    reference = _value(baseline, split, view)
    gain = "" if reference is None else f" {round(100 * (value - reference), 6):+5.1f}"
    return f"{100 * value:.1f}{gain}"


def _value(results: Mapping[str, Any], split: str, view: str) -> float | None:
    measures = results.get(split, {}).get(view, {})
    value = measures.get("top1", measures.get("confidence"))
    return None if value is None else float(value)


def _has_accuracy(methods: Mapping[str, Any]) -> bool:
    views = (view for results in methods.values() for split in results.values() for view in split.values())
    return any("top1" in view for view in views)
