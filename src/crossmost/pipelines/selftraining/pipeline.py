"""The self-training pipeline: Cross-MoST and its single-modality baseline."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.selftraining.nodes import (
    adapt_jointly,
    adapt_separately,
    score_crossmost,
    score_separate,
    score_snapshots,
)

COLLECTION = ["views", "clouds", "objects"]
PARAMETERS = ["params:selftraining", "params:zeroshot"]


def create_pipeline() -> Pipeline:
    """Adapt with both rules, then score the collection with each adapted model."""
    return Pipeline(
        [
            Node(
                adapt_jointly,
                ["zeroshot_model", "zeroshot_scores", "transductive_scores", *COLLECTION, *PARAMETERS],
                ["crossmost_model", "crossmost_log", "crossmost_pseudo_labels", "crossmost_snapshots"],
                name="adapt_jointly",
            ),
            Node(
                adapt_separately,
                ["zeroshot_model", "zeroshot_scores", "transductive_scores", *COLLECTION, *PARAMETERS],
                ["separate_model", "separate_log", "separate_pseudo_labels"],
                name="adapt_separately",
            ),
            Node(
                score_crossmost,
                ["crossmost_model", *COLLECTION, "params:zeroshot"],
                ["crossmost_scores", "crossmost_embeddings"],
                name="score_crossmost",
            ),
            Node(
                score_snapshots,
                ["crossmost_snapshots", "crossmost_scores", *COLLECTION, "params:zeroshot"],
                "crossmost_snapshot_predictions",
                name="score_snapshots",
            ),
            Node(
                score_separate,
                ["separate_model", *COLLECTION, "params:zeroshot"],
                "separate_scores",
                name="score_separate",
            ),
        ],
        tags="selftraining",
    )
