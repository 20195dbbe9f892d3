"""The zero-shot pipeline: class names become a classifier, every object gets scores, with and without its neighbors."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.zeroshot.nodes import build_zeroshot_model, classify_transductively, score_zeroshot


def create_pipeline() -> Pipeline:
    """Build the zero-shot model, score the collection with it, and again with a head that nothing is trained for."""
    return Pipeline(
        [
            Node(
                build_zeroshot_model,
                ["mini_encoders", "class_names", "params:zeroshot"],
                "zeroshot_model",
                name="build_zeroshot_model",
            ),
            Node(
                score_zeroshot,
                ["zeroshot_model", "views", "clouds", "objects", "params:zeroshot"],
                ["zeroshot_scores", "zeroshot_embeddings"],
                name="score_zeroshot",
            ),
            Node(
                classify_transductively,
                ["zeroshot_scores", "zeroshot_embeddings", "params:zeroshot"],
                "transductive_scores",
                name="classify_transductively",
            ),
        ],
        tags="zeroshot",
    )
