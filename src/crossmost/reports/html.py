"""The report: one HTML page that opens offline, with every picture, figure and script inside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from crossmost import __version__
from crossmost.errors import CrossmostError
from crossmost.reports.content import AFTER, BEFORE, ReportContent
from crossmost.reports.figures import MOST_CONFUSED, is_labeled, splits_in
from crossmost.reports.headline import answer_sentence, headline
from crossmost.reports.names import MODALITY_NAMES, SPLIT_NAMES, VIEW_NAMES, method_name
from crossmost.reports.page_figures import page_figures
from crossmost.reports.seeds import seed_sentence
from crossmost.reports.summaries import result_tables
from crossmost.reports.words import percent, points

MOST_BYTES = 15_000_000


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
    environment.filters["percent"] = percent
    environment.filters["points"] = points
    source = environment.loader.get_source  # type: ignore[union-attr]
    splits = splits_in(content.metrics)
    page = environment.get_template("report.html.jinja").render(
        content=content,
        labeled=is_labeled(content.metrics),
        splits=splits,
        headline=headline(content.metrics, content.gains, content.confidence),
        answer_sentence=answer_sentence(content.predictions, content.confidence),
        seed_sentence=seed_sentence(content.seeds, splits[0]) if splits else [],
        tiles=_tiles(content, splits[0]) if splits else [],
        tables=result_tables(content.metrics),
        confidence_rows=_confidence_rows(content, splits),
        figures=page_figures(content),
        most_confused=MOST_CONFUSED,
        thumbnails=Markup(json.dumps(dict(content.thumbnails)).replace("<", "\\u003c")),
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
            "Lower reporting.gallery_objects, reporting.sheet_objects, reporting.cloud_points or "
            "evaluation.embedded_objects."
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
