"""The zero-shot pipeline: class names become a classifier, clouds are checked, every object gets scores."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.zeroshot.nodes import (
    build_zeroshot_model,
    check_clouds,
    classify_transductively,
    read_both_modalities,
    score_zeroshot,
)


def create_pipeline() -> Pipeline:
    """The zero-shot model, how the objects stand, scores, and those of a head that nothing is trained for."""
    return Pipeline(
        [
            Node(
                build_zeroshot_model,
                ["mini_encoders", "class_names", "params:zeroshot"],
                "unchecked_model",
                name="build_zeroshot_model",
            ),
            Node(
                check_clouds,
                ["unchecked_model", "views", "clouds", "objects", "params:zeroshot"],
                "checked_model",
                name="check_clouds",
            ),
            Node(
                score_zeroshot,
                ["checked_model", "views", "clouds", "objects", "params:zeroshot"],
                ["zeroshot_scores", "zeroshot_embeddings"],
                name="score_zeroshot",
            ),
            Node(
                read_both_modalities,
                ["checked_model", "zeroshot_scores"],
                "zeroshot_model",
                name="read_both_modalities",
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
