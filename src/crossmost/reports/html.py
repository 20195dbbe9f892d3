"""The report: one HTML page that opens offline, with every picture, figure and script inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from crossmost import __version__
from crossmost.errors import CrossmostError
from crossmost.reports.figures import accuracy_figure, confusion_figure, is_labeled, per_class_figure, splits_in
from crossmost.reports.gallery import Choice, Exhibit
from crossmost.reports.headline import headline
from crossmost.reports.names import MODALITY_NAMES, SPLIT_NAMES, VIEW_NAMES, method_name
from crossmost.reports.summaries import DataQuality, result_tables
from crossmost.reports.training_figures import class_share_figure, panel_figure, training_panels

MOST_BYTES = 15_000_000
BEFORE, AFTER = "zeroshot", "crossmost"


@dataclass(frozen=True)
class ReportContent:
    """Everything the page shows.

    Attributes:
        metrics: the content of metrics.json.
        per_class, gains, confusion, confidence, quality, log: tables of evaluation and training.
        class_names: in logit order.
        gallery: each choice of objects with what is shown of them.
        sheets: class name -> data URI of its contact sheet.
        data: what went in and what was left out.
        parameters: name -> value, as text.
        model_card: the adapted model's card.
        versions: package -> version.
        command: the command that makes this report.
        fingerprint: of the data.
    """

    metrics: Mapping[str, Any]
    per_class: pd.DataFrame
    gains: pd.DataFrame
    confusion: pd.DataFrame
    confidence: pd.DataFrame
    quality: pd.DataFrame
    log: pd.DataFrame
    class_names: Sequence[str]
    gallery: Sequence[tuple[Choice, Sequence[Exhibit]]]
    data: DataQuality
    sheets: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    model_card: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class NamedFigure:
    """A figure and the title above it; `json` is safe inside a script element."""

    title: str
    json: Markup
    height: int


def render_report(content: ReportContent) -> str:
    """The page as text.

    Raises:
        CrossmostError: the page would be larger than 15 MB.
    """
    environment = Environment(
        loader=PackageLoader("crossmost.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    environment.filters["points"] = lambda share: f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")
    source = environment.loader.get_source  # type: ignore[union-attr]
    labeled = is_labeled(content.metrics)
    splits = splits_in(content.metrics)
    page = environment.get_template("report.html.jinja").render(
        content=content,
        labeled=labeled,
        splits=splits,
        headline=headline(content.metrics, content.gains, content.confidence),
        tiles=_tiles(content, splits[0]) if splits else [],
        tables=result_tables(content.metrics),
        confidence_rows=_confidence_rows(content, splits),
        accuracy_figures=_accuracy_figures(content, splits),
        class_figures=_class_figures(content, splits) if labeled else [],
        confusion_figures=_confusion_figures(content, splits) if labeled else [],
        training_figures=_training_figures(content),
        split_names=SPLIT_NAMES,
        view_names=VIEW_NAMES,
        modality_names=MODALITY_NAMES,
        method_name=method_name,
        version=__version__,
        # Our own files and plotly's, not user data.
        style=Markup(source(environment, "report.css")[0]),
        script=Markup(source(environment, "report.js")[0]),
        plotly=Markup(get_plotlyjs()),
    )
    if len(page.encode()) > MOST_BYTES:
        raise CrossmostError(
            f"The report would take {len(page.encode()) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are allowed. "
            "Lower reporting.gallery_objects, reporting.sheet_objects or reporting.cloud_points."
        )
    return page


def _tiles(content: ReportContent, split: str) -> list[dict[str, Any]]:
    """Before and after by modality on the main split."""
    methods = content.metrics["methods"]
    if BEFORE not in methods or AFTER not in methods:
        return []
    quantity = "top1" if is_labeled(content.metrics) else "confidence"
    old, new = methods[BEFORE].get(split, {}), methods[AFTER].get(split, {})
    return [
        {"name": name, "before": old[view][quantity], "after": new[view][quantity]}
        for view, name in MODALITY_NAMES.items()
        if view in old and view in new
    ]


def _confidence_rows(content: ReportContent, splits: Sequence[str]) -> list[dict[Any, Any]]:
    """Joint rows of the confidence table, held-out objects first."""
    rows = content.confidence[content.confidence["view"] == "joint"]
    return [row for split in splits for row in rows[rows["split"] == split].to_dict("records")]


def _named(title: str, figure: go.Figure) -> NamedFigure:
    # Inside a script element only "<" could end it; the rest keeps the text out of other parsers' way.
    text = figure.to_json()
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return NamedFigure(title, Markup(text), int(figure.layout.height))


def _split_title(content: ReportContent, split: str) -> str:
    return f"{SPLIT_NAMES[split]} (n = {content.metrics[f'n_{split}']})"


def _accuracy_figures(content: ReportContent, splits: Sequence[str]) -> list[NamedFigure]:
    return [_named(_split_title(content, split), accuracy_figure(content.metrics, [split])) for split in splits]


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


def _training_figures(content: ReportContent) -> list[NamedFigure]:
    panels = training_panels(content.log, content.quality)
    figures = [_named(title, panel_figure(panel)) for title, panel in panels.items()]
    if (content.quality["method"] == AFTER).any():
        figures.append(
            _named(
                "Classes of the last epoch's pseudo-labels, Cross-MoST (dotted: uniform)",
                class_share_figure(content.quality, content.class_names),
            )
        )
    return figures
