"""The figures of the page by section, each as JSON that the page's script draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from markupsafe import Markup

from crossmost.reports.content import AFTER, BEFORE, ReportContent
from crossmost.reports.embedding_map import map_figure
from crossmost.reports.figures import accuracy_figure, confusion_figure, is_labeled, per_class_figure, splits_in
from crossmost.reports.marginal_figures import marginal_figures, pseudo_label_share_figure
from crossmost.reports.names import MODALITY_NAMES, SPLIT_NAMES, method_name
from crossmost.reports.reliability_figures import change_figure, confidence_figure, reliability_figure
from crossmost.reports.seeds import seed_figure, seed_title
from crossmost.reports.training_figures import class_share_figure, panel_figure, training_panels


@dataclass(frozen=True)
class NamedFigure:
    """A figure and the title above it; `json` is safe inside a script element."""

    title: str
    json: Markup
    height: int


def page_figures(content: ReportContent) -> dict[str, list[NamedFigure]]:
    """Section -> its figures; a section that has nothing to show has an empty list."""
    labeled = is_labeled(content.metrics)
    splits = splits_in(content.metrics)
    return {
        "accuracy": [
            _named(_split_title(content, split), accuracy_figure(content.metrics, [split])) for split in splits
        ],
        "seeds": [
            _named(seed_title(content.seeds, split), seed_figure(content.seeds, split))
            for split in splits
            if len(content.seeds)
        ],
        "classes": _class_figures(content, splits) if labeled else [],
        "confusion": _confusion_figures(content, splits) if labeled else [],
        "reliability": _reliability_figures(content, splits) if labeled else [],
        "changes": [] if labeled else _change_figures(content, splits),
        "map": _map_figures(content),
        "training": _training_figures(content),
    }


def _named(title: str, figure: go.Figure) -> NamedFigure:
    # Inside a script element only "<" could end it; the rest keeps the text out of other parsers' way.
    text = figure.to_json()
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return NamedFigure(title, Markup(text), int(figure.layout.height))


def _split_title(content: ReportContent, split: str) -> str:
    return f"{SPLIT_NAMES[split]} (n = {content.metrics[f'n_{split}']})"


def _class_figures(content: ReportContent, splits: Sequence[str]) -> list[NamedFigure]:
    return [
        _named(_split_title(content, split), per_class_figure(content.per_class, splits=[split])) for split in splits
    ]


def _confusion_figures(content: ReportContent, splits: Sequence[str]) -> list[NamedFigure]:
    return [
        _named(
            f"{method_name(method)}, {_split_title(content, split).lower()}",
            confusion_figure(content.confusion, content.class_names, split=split, methods=[method]),
        )
        for split in splits[:1]
        for method in (BEFORE, AFTER)
    ]


def _reliability_figures(content: ReportContent, splits: Sequence[str]) -> list[NamedFigure]:
    return [
        _named(
            f"{method_name(method)}, {_split_title(content, split).lower()}",
            reliability_figure(content.reliability, split=split, method=method),
        )
        for split in splits[:1]
        for method in (BEFORE, AFTER)
    ]


def _change_figures(content: ReportContent, splits: Sequence[str]) -> list[NamedFigure]:
    changes = change_figure(content.predictions, content.class_names, before=BEFORE, after=AFTER)
    histograms = [
        _named(
            f"Confidence, {MODALITY_NAMES[view].lower()}, {SPLIT_NAMES[split].lower()}",
            confidence_figure(content.predictions, split=split, view=view, methods=(BEFORE, AFTER)),
        )
        for split in splits[:1]
        for view in MODALITY_NAMES
    ]
    return [_named("Joint labels that changed", changes), *histograms]


def _map_figures(content: ReportContent) -> list[NamedFigure]:
    if content.map_points.empty:
        return []
    return [
        _named(method_name(method), map_figure(content.map_points, content.class_names, method=method))
        for method in (BEFORE, AFTER)
    ]


def _training_figures(content: ReportContent) -> list[NamedFigure]:
    panels = training_panels(content.log, content.quality)
    figures = [_named(title, panel_figure(panel)) for title, panel in panels.items()]
    marginals = marginal_figures(content.log, content.class_names)
    figures += [_named(title, figure) for title, figure in marginals.items()]
    if (content.quality["method"] == AFTER).any():
        title = f"Classes of the kept pseudo-labels by epoch, {method_name(AFTER)} (blue: below uniform)"
        shares = pseudo_label_share_figure(content.quality, content.class_names, modality="image")
        last = f"Classes of the last epoch's pseudo-labels, {method_name(AFTER)} (dotted: uniform)"
        figures += [_named(title, shares), _named(last, class_share_figure(content.quality, content.class_names))]
    return figures
