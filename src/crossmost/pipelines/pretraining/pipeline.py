"""The pre-training pipeline: from nothing to three aligned mini encoders."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.pretraining.nodes import make_source_objects, pretrain_encoders


def create_pipeline() -> Pipeline:
    """Make the source domain and train on it."""
    return Pipeline(
        [
            Node(make_source_objects, "params:pretraining", "source_objects", name="make_source_objects"),
            Node(
                pretrain_encoders,
                ["source_objects", "params:pretraining"],
                ["mini_encoders", "pretraining_log"],
                name="pretrain_encoders",
            ),
        ],
        tags="pretraining",
    )
