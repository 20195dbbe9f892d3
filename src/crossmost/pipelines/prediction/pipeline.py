"""The prediction pipeline: from a folder of new objects to predictions and a gallery."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.prediction.nodes import (
    list_new_objects,
    list_unusable_objects,
    make_gallery,
    predict_new_objects,
    prepare_new_meshes,
)
from crossmost.pipelines.rendering.nodes import capture_clouds, render_views


def create_pipeline() -> Pipeline:
    """Prepare new objects exactly as those the model was adapted to, then classify and show them."""
    return Pipeline(
        [
            Node(
                list_new_objects,
                ["crossmost_model", "params:prediction", "params:rendering", "params:zeroshot"],
                "new_objects",
                name="list_new_objects",
            ),
            Node(prepare_new_meshes, ["new_objects", "params:prediction"], "new_meshes", name="prepare_new_meshes"),
            Node(render_views, ["new_meshes", "params:rendering"], "new_views", name="render_new_views"),
            Node(capture_clouds, ["new_meshes", "params:rendering"], "new_clouds", name="capture_new_clouds"),
            Node(
                list_unusable_objects,
                ["new_meshes", "new_views", "new_clouds", "new_objects"],
                "new_quarantine",
                name="list_unusable_objects",
            ),
            Node(
                predict_new_objects,
                ["crossmost_model", "new_views", "new_clouds", "new_objects", "new_quarantine", "params:zeroshot"],
                ["new_predictions", "new_predictions_spreadsheet"],
                name="predict_new_objects",
            ),
            Node(
                make_gallery,
                ["new_predictions", "new_views", "new_quarantine", "params:prediction"],
                "new_gallery",
                name="make_gallery",
            ),
        ],
        tags="prediction",
    )
