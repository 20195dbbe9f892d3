"""Evaluation: predictions, accuracies, pseudo-label quality, and what can be said without labels."""

from crossmost.evaluation.answer import (
    Answer,
    answer_from_scores,
    answer_method,
    changed_share,
    choose_answer,
    share_of_changed_labels,
)
from crossmost.evaluation.confidence import confidence_table
from crossmost.evaluation.embedding_layout import drawn_embeddings, lay_out
from crossmost.evaluation.metrics import (
    accuracy_table,
    confusion_table,
    correctness_table,
    gains_table,
    metrics_document,
    per_class_table,
)
from crossmost.evaluation.predictions import methods_in, predictions_table
from crossmost.evaluation.pseudo_label_quality import pseudo_label_quality
from crossmost.evaluation.reliability import calibration_error, reliability_table
from crossmost.evaluation.scores import MethodScores, ViewScores, check_scores
from crossmost.evaluation.snapshots import snapshot_table

__all__ = [
    "Answer",
    "MethodScores",
    "ViewScores",
    "accuracy_table",
    "answer_from_scores",
    "answer_method",
    "calibration_error",
    "changed_share",
    "check_scores",
    "choose_answer",
    "confidence_table",
    "confusion_table",
    "correctness_table",
    "drawn_embeddings",
    "gains_table",
    "lay_out",
    "methods_in",
    "metrics_document",
    "per_class_table",
    "predictions_table",
    "pseudo_label_quality",
    "reliability_table",
    "share_of_changed_labels",
    "snapshot_table",
]
