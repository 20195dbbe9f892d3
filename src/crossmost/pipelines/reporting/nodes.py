"""Nodes of the reporting pipeline: figures, contact sheets, and the report."""

from collections.abc import Callable
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
    collect_seeds,
    confusion_figure,
    make_exhibits,
    map_figure,
    map_points,
    per_class_figure,
    read_media,
    read_probabilities,
    reliability_figure,
    render_report,
    training_figure,
)
from crossmost.reports.figures import splits_in
from crossmost.reports.images import sheet_to_uri
from crossmost.reports.provenance import (
    data_fingerprint,
    flat_parameters,
    package_fingerprint,
    package_versions,
    shortened,
    weights_fingerprint,
)
from crossmost.reports.sheets import class_sheets, largest_classes, sheet_names
from crossmost.reports.summaries import data_quality
from crossmost.scores import Scores
from crossmost.shards import ShardStore

PRINTED_STAGES = ("ingestion", "rendering", "pretraining", "zeroshot", "selftraining", "evaluation", "reporting")
"""Whose parameters the report prints: all that had a part in its numbers."""

MOST_SHEETS = 60
"""Contact sheets inside the report, which opens as one file; the others lie beside it."""


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


def draw_reliability(reliability: pd.DataFrame, metrics: dict[str, Any]) -> go.Figure:
    """Accuracy by confidence after self-training."""
    return reliability_figure(reliability, split=splits_in(metrics)[0], method="crossmost")


def draw_map(
    embedding_map: pd.DataFrame, predictions: pd.DataFrame, labels: pd.DataFrame, class_names: list[str]
) -> go.Figure:
    """Embeddings of both modalities under the adapted model."""
    return map_figure(map_points(embedding_map, predictions, labels), class_names, method="crossmost")


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
    seed_metrics: dict[str, Any],
    per_class_metrics: pd.DataFrame,
    accuracy_gains: pd.DataFrame,
    confusion_matrices: pd.DataFrame,
    confidence_summary: pd.DataFrame,
    reliability: pd.DataFrame,
    pseudo_label_quality: pd.DataFrame,
    crossmost_log: pd.DataFrame,
    separate_log: pd.DataFrame,
    predictions: pd.DataFrame,
    zeroshot_scores: Scores,
    crossmost_scores: Scores,
    embedding_map: pd.DataFrame,
    labels: pd.DataFrame,
    objects: pd.DataFrame,
    class_names: list[str],
    views: ShardStore,
    clouds: ShardStore,
    quarantine: pd.DataFrame,
    render_quarantine: pd.DataFrame,
    contact_sheets: dict[str, Image.Image | Callable[[], Image.Image]],
    zeroshot_model: Checkpoint,
    crossmost_model: Checkpoint,
    parameters: dict[str, Any],
    params: ReportingParameters,
) -> str:
    """The report as one HTML page; `contact_sheets` holds images, or functions that load them."""
    choices = choose_objects(predictions, labels, per_group=params.gallery_objects, seed=params.seed)
    shown_ids = [object_id for choice in choices for object_id in choice.object_ids]
    media = read_media(
        views,
        clouds,
        shown_ids,
        views_per_object=params.gallery_views,
        most_points=params.cloud_points,
        thumbnail_ids=embedding_map["object_id"].unique(),
    )
    probabilities = read_probabilities([zeroshot_scores, crossmost_scores], shown_ids)
    file_of_sheet = sheet_names(class_names)
    shown_classes = largest_classes(predictions, labels, class_names, most=MOST_SHEETS)
    sheets = {name: contact_sheets[file] for name in shown_classes if (file := file_of_sheet[name]) in contact_sheets}
    content = ReportContent(
        metrics=metrics,
        per_class=per_class_metrics,
        gains=accuracy_gains,
        confusion=confusion_matrices,
        confidence=confidence_summary,
        reliability=reliability,
        quality=pseudo_label_quality,
        log=pd.concat([crossmost_log, separate_log], ignore_index=True),
        predictions=predictions,
        seeds=collect_seeds(metrics, seed_metrics),
        map_points=map_points(embedding_map, predictions, labels),
        class_names=class_names,
        gallery=[
            (choice, make_exhibits(choice.object_ids, predictions, labels, media, probabilities, class_names))
            for choice in choices
        ],
        data=data_quality(objects, labels, predictions, quarantine, render_quarantine, media.view_counts),
        thumbnails=media.thumbnails,
        sheets={name: sheet_to_uri(sheet() if callable(sheet) else sheet) for name, sheet in sheets.items()},
        n_sheets=len(contact_sheets),
        parameters=flat_parameters(parameters, PRINTED_STAGES),
        model_card=crossmost_model.card,
        versions=package_versions(),
        fingerprints={
            "raw objects and split": data_fingerprint(objects),
            "views": shortened(views.fingerprint),
            "point clouds": shortened(clouds.fingerprint),
            "zero-shot weights": weights_fingerprint(zeroshot_model),
            "adapted weights": weights_fingerprint(crossmost_model),
            "source code": package_fingerprint(),
        },
        command=params.command,
    )
    return render_report(content)
