"""Nodes of the reporting pipeline: figures, contact sheets, and the report."""

import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from PIL import Image

from crossmost.models.checkpoint import Checkpoint
from crossmost.pipelines.reporting.parameters import ReportingParameters
from crossmost.reports import (
    ReportContent,
    accuracy_figure,
    choose_objects,
    confusion_figure,
    make_exhibits,
    per_class_figure,
    read_media,
    render_report,
    training_figure,
)
from crossmost.reports.figures import splits_in
from crossmost.reports.images import sheet_to_uri
from crossmost.reports.sheets import class_sheets, sheet_names
from crossmost.reports.summaries import data_fingerprint, data_quality, flat_parameters
from crossmost.shards import ShardStore

REPORTED_PACKAGES = ("torch", "open_clip_torch", "numpy", "pandas", "kedro", "pyrender", "trimesh", "plotly")


def draw_results(
    metrics: dict[str, Any],
    per_class_metrics: pd.DataFrame,
    confusion_matrices: pd.DataFrame,
    class_names: list[str],
) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Accuracy by method, per class, and confusion matrices before and after."""
    return (
        accuracy_figure(metrics),
        per_class_figure(per_class_metrics),
        confusion_figure(confusion_matrices, class_names, split=splits_in(metrics)[0]),
    )


def draw_training(
    crossmost_log: pd.DataFrame, separate_log: pd.DataFrame, pseudo_label_quality: pd.DataFrame
) -> go.Figure:
    """Losses, kept shares and pseudo-label quality over time."""
    return training_figure(pd.concat([crossmost_log, separate_log], ignore_index=True), pseudo_label_quality)


def draw_contact_sheets(
    views: ShardStore,
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    class_names: list[str],
    params: ReportingParameters,
) -> dict[str, Image.Image]:
    """One sheet of pictures per class."""
    return class_sheets(views, predictions, labels, class_names, most_objects=params.sheet_objects, seed=params.seed)


def write_report(
    metrics: dict[str, Any],
    per_class_metrics: pd.DataFrame,
    accuracy_gains: pd.DataFrame,
    confusion_matrices: pd.DataFrame,
    confidence_summary: pd.DataFrame,
    pseudo_label_quality: pd.DataFrame,
    crossmost_log: pd.DataFrame,
    separate_log: pd.DataFrame,
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    objects: pd.DataFrame,
    class_names: list[str],
    views: ShardStore,
    clouds: ShardStore,
    quarantine: pd.DataFrame,
    render_quarantine: pd.DataFrame,
    contact_sheets: dict[str, Image.Image | Callable[[], Image.Image]],
    crossmost_model: Checkpoint,
    parameters: dict[str, Any],
    params: ReportingParameters,
) -> str:
    """The report as one HTML page; `contact_sheets` holds images, or functions that load them."""
    choices = choose_objects(predictions, labels, per_group=params.gallery_objects, seed=params.seed)
    media = read_media(
        views,
        clouds,
        [object_id for choice in choices for object_id in choice.object_ids],
        views_per_object=params.gallery_views,
        most_points=params.cloud_points,
    )
    class_of_sheet = {file_name: class_name for class_name, file_name in sheet_names(class_names).items()}
    sheets = {name: sheet() if callable(sheet) else sheet for name, sheet in contact_sheets.items()}
    content = ReportContent(
        metrics=metrics,
        per_class=per_class_metrics,
        gains=accuracy_gains,
        confusion=confusion_matrices,
        confidence=confidence_summary,
        quality=pseudo_label_quality,
        log=pd.concat([crossmost_log, separate_log], ignore_index=True),
        class_names=class_names,
        gallery=[(choice, make_exhibits(choice.object_ids, predictions, labels, media)) for choice in choices],
        data=data_quality(objects, labels, predictions, quarantine, render_quarantine, media.view_counts),
        sheets={
            class_name: sheet_to_uri(sheets[name]) for name, class_name in class_of_sheet.items() if name in sheets
        },
        parameters=flat_parameters(parameters),
        model_card=crossmost_model.card,
        versions=_versions(),
        command=params.command,
        fingerprint=data_fingerprint(objects),
    )
    return render_report(content)


def _versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    versions = {"python": platform.python_version()}
    for package in REPORTED_PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions
