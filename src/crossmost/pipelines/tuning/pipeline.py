"""The tuning pipeline: self-training with several settings, compared without labels."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.tuning.nodes import compare


def create_pipeline() -> Pipeline:
    """Try every combination of a grid on the objects to adapt to, and name the best."""
    return Pipeline(
        [
            Node(
                compare,
                [
                    "zeroshot_model",
                    "zeroshot_scores",
                    "transductive_scores",
                    "views",
                    "clouds",
                    "objects",
                    "params:selftraining",
                    "params:zeroshot",
                    "params:tuning",
                ],
                ["settings_comparison", "chosen_settings"],
                name="compare_settings",
            ),
        ],
        tags="tuning",
    )
