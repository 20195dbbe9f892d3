"""The evaluation pipeline: from scores and labels to predictions and metrics."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.evaluation.nodes import (
    collect_scores,
    lay_out_embeddings,
    make_predictions,
    measure_accuracy,
    measure_confidence,
    measure_pseudo_labels,
    measure_reliability,
    measure_snapshots,
)


def create_pipeline() -> Pipeline:
    """Evaluate zero-shot, the transductive head, separate self-training and Cross-MoST on the same objects."""
    return Pipeline(
        [
            Node(
                collect_scores,
                inputs=[
                    "zeroshot_scores",
                    "transductive_scores",
                    "separate_scores",
                    "crossmost_scores",
                    "objects",
                    "class_names",
                ],
                outputs="method_scores",
                name="collect_scores",
            ),
            Node(
                make_predictions,
                inputs=["method_scores", "class_names", "confidence_summary", "params:evaluation"],
                outputs="predictions",
                name="make_predictions",
            ),
            Node(
                measure_confidence,
                inputs="method_scores",
                outputs="confidence_summary",
                name="measure_confidence",
            ),
            Node(
                measure_accuracy,
                inputs=["method_scores", "labels", "class_names", "confidence_summary", "params:evaluation"],
                outputs=["metrics", "per_class_metrics", "accuracy_gains", "confusion_matrices"],
                name="measure_accuracy",
            ),
            Node(
                measure_pseudo_labels,
                inputs=["separate_pseudo_labels", "crossmost_pseudo_labels", "labels", "class_names"],
                outputs="pseudo_label_quality",
                name="measure_pseudo_labels",
            ),
            Node(
                measure_snapshots,
                inputs=["crossmost_snapshot_predictions", "crossmost_log", "labels", "class_names"],
                outputs="selection",
                name="measure_snapshots",
            ),
            Node(
                measure_reliability,
                inputs=["method_scores", "labels", "class_names"],
                outputs="reliability",
                name="measure_reliability",
            ),
            Node(
                lay_out_embeddings,
                inputs=["zeroshot_embeddings", "crossmost_embeddings", "zeroshot_model", "params:evaluation"],
                outputs="embedding_map",
                name="lay_out_embeddings",
            ),
        ],
        tags="evaluation",
    )
