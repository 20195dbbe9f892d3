"""Everything the report shows, put together before the page is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from crossmost.reports.gallery import Choice, Exhibit
from crossmost.reports.summaries import DataQuality

BEFORE, AFTER = "zeroshot", "crossmost"
"""The two methods that the report compares."""


@dataclass(frozen=True)
class ReportContent:
    """Everything the page shows.

    Attributes:
        metrics: the content of metrics.json.
        per_class, gains, confusion, confidence, reliability, quality, log: tables of evaluation and training.
        predictions: one row per object, see `predictions_table`.
        seeds: accuracies of several seeds, see `collect_seeds`; empty when there is one.
        map_points: the embedding map, see `map_points`.
        class_names: in logit order.
        gallery: each choice of objects with what is shown of them.
        data: what went in and what was left out.
        thumbnails: object id -> data URI of a small picture, for the objects of the map.
        sheets: class name -> data URI of its contact sheet.
        n_sheets: how many there are, on the page or not.
        parameters: name -> value, as text.
        model_card: the adapted model's card.
        versions: package -> version.
        fingerprints: what -> hex digits: data, weights, code.
        command: the command that makes this report.
    """

    metrics: Mapping[str, Any]
    per_class: pd.DataFrame
    gains: pd.DataFrame
    confusion: pd.DataFrame
    confidence: pd.DataFrame
    reliability: pd.DataFrame
    quality: pd.DataFrame
    log: pd.DataFrame
    predictions: pd.DataFrame
    seeds: pd.DataFrame
    map_points: pd.DataFrame
    class_names: Sequence[str]
    gallery: Sequence[tuple[Choice, Sequence[Exhibit]]]
    data: DataQuality
    thumbnails: Mapping[str, str] = field(default_factory=dict)
    sheets: Mapping[str, str] = field(default_factory=dict)
    n_sheets: int = 0
    parameters: Mapping[str, str] = field(default_factory=dict)
    model_card: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
