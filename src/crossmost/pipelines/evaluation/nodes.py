"""Nodes of the evaluation pipeline: the only stage before the report that reads labels."""

import logging
from typing import Any

import pandas as pd

from crossmost.embeddings import Embeddings
from crossmost.evaluation import (
    MethodScores,
    accuracy_table,
    check_scores,
    choose_answer,
    confidence_table,
    confusion_table,
    correctness_table,
    drawn_embeddings,
    gains_table,
    lay_out,
    metrics_document,
    per_class_table,
    predictions_table,
    pseudo_label_quality,
    reliability_table,
    snapshot_table,
)
from crossmost.models.checkpoint import Checkpoint
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from crossmost.scores import Scores

logger = logging.getLogger(__name__)


def collect_scores(
    zeroshot_scores: Scores,
    transductive_scores: Scores,
    separate_scores: Scores,
    crossmost_scores: Scores,
    objects: pd.DataFrame,
    class_names: list[str],
) -> MethodScores:
    """Check the scores of all methods against the objects, and keep what each says of every object."""
    methods = [zeroshot_scores, transductive_scores, separate_scores, crossmost_scores]
    return check_scores(methods, objects, class_names)


def make_predictions(
    method_scores: MethodScores, class_names: list[str], confidence_summary: pd.DataFrame, params: EvaluationParameters
) -> pd.DataFrame:
    """One row per object: the answer, chosen without labels, and every method's label, confidence and best classes."""
    answer = choose_answer(confidence_summary, params.least_changed_share)
    if answer is not None:
        logger.info(
            "The answer for objects of both modalities is the joint prediction of %s: self-training changed %.1f %% of "
            "its labels (evaluation.least_changed_share is %g)",
            answer.method,
            100 * answer.changed_share,
            params.least_changed_share,
        )
    return predictions_table(method_scores, class_names, answer)


def measure_confidence(method_scores: MethodScores) -> pd.DataFrame:
    """Confidence, agreement of the modalities and change against zero-shot: needs no label."""
    return confidence_table(method_scores)


def measure_accuracy(
    method_scores: MethodScores,
    labels: pd.DataFrame,
    class_names: list[str],
    confidence_summary: pd.DataFrame,
    params: EvaluationParameters,
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """metrics.json, accuracy per class, gains over zero-shot and confusion matrices."""
    correctness = correctness_table(method_scores, labels, class_names)
    metrics = metrics_document(
        dataset=params.dataset,
        seed=params.seed,
        class_names=class_names,
        accuracy=accuracy_table(correctness),
        confidence=confidence_summary,
    )
    return (
        metrics,
        per_class_table(correctness, class_names),
        gains_table(correctness),
        confusion_table(method_scores, labels, class_names),
    )


def measure_pseudo_labels(
    separate_pseudo_labels: pd.DataFrame,
    crossmost_pseudo_labels: pd.DataFrame,
    labels: pd.DataFrame,
    class_names: list[str],
) -> pd.DataFrame:
    """Coverage and accuracy of the pseudo-labels of both self-training runs, by epoch, modality and class."""
    return pseudo_label_quality([separate_pseudo_labels, crossmost_pseudo_labels], labels, class_names)


def measure_snapshots(
    crossmost_snapshot_predictions: pd.DataFrame,
    crossmost_log: pd.DataFrame,
    labels: pd.DataFrame,
    class_names: list[str],
) -> pd.DataFrame:
    """Teachers along the run: what each label-free criterion takes, and the oracle that never chooses."""
    return snapshot_table(crossmost_snapshot_predictions, crossmost_log, labels, class_names)


def measure_reliability(method_scores: MethodScores, labels: pd.DataFrame, class_names: list[str]) -> pd.DataFrame:
    """Accuracy by confidence of every method, split and view."""
    return reliability_table(method_scores, labels, class_names)


def lay_out_embeddings(
    zeroshot_embeddings: Embeddings,
    crossmost_embeddings: Embeddings,
    zeroshot_model: Checkpoint,
    params: EvaluationParameters,
) -> pd.DataFrame:
    """Where both models put the views and the cloud of some objects, in two dimensions."""
    embeddings = drawn_embeddings(
        [zeroshot_embeddings, crossmost_embeddings],
        n_objects=params.embedded_objects,
        n_views=params.embedded_views,
        seed=params.seed,
    )
    return lay_out(embeddings, zeroshot_model.tensors["classifier"].float().numpy(), seed=params.seed)
