"""The reporting pipeline: figures for the graph, contact sheets, and report.html."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.reporting.nodes import (
    draw_contact_sheets,
    draw_map,
    draw_reliability,
    draw_results,
    draw_training,
    write_report,
)


def create_pipeline() -> Pipeline:
    """Show what self-training changed, with pictures of the objects."""
    return Pipeline(
        [
            Node(
                draw_results,
                inputs=["metrics", "per_class_metrics", "confusion_matrices", "class_names"],
                outputs=["accuracy_figure", "per_class_figure", "confusion_figure"],
                name="draw_results",
            ),
            Node(
                draw_reliability,
                inputs=["reliability", "metrics"],
                outputs="reliability_figure",
                name="draw_reliability",
            ),
            Node(
                draw_map,
                inputs=["embedding_map", "predictions", "labels", "class_names"],
                outputs="map_figure",
                name="draw_map",
            ),
            Node(
                draw_training,
                inputs=["crossmost_log", "separate_log", "pseudo_label_quality"],
                outputs="training_figure",
                name="draw_training",
            ),
            Node(
                draw_contact_sheets,
                inputs=["views", "predictions", "labels", "class_names", "params:reporting"],
                outputs="contact_sheets",
                name="draw_contact_sheets",
            ),
            Node(
                write_report,
                inputs=[
                    "metrics",
                    "seed_metrics",
                    "per_class_metrics",
                    "accuracy_gains",
                    "confusion_matrices",
                    "confidence_summary",
                    "reliability",
                    "pseudo_label_quality",
                    "crossmost_log",
                    "separate_log",
                    "predictions",
                    "zeroshot_scores",
                    "crossmost_scores",
                    "embedding_map",
                    "labels",
                    "objects",
                    "class_names",
                    "views",
                    "clouds",
                    "quarantine",
                    "render_quarantine",
                    "contact_sheets",
                    "zeroshot_model",
                    "crossmost_model",
                    "parameters",
                    "params:reporting",
                ],
                outputs="report",
                name="write_report",
            ),
        ],
        tags="reporting",
    )
