"""The prediction pipelines: from a folder of new objects, or of pictures, to predictions and a gallery."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.prediction.nodes import (
    choose_joint_answer,
    classify_pictures,
    list_new_objects,
    list_new_pictures,
    list_unusable_objects,
    make_gallery,
    make_picture_gallery,
    predict_answers,
    predict_new_objects,
    prepare_new_meshes,
)
from crossmost.pipelines.rendering.nodes import capture_clouds, render_views


def create_pipeline() -> Pipeline:
    """New objects: what the run's answer is for them, as for the objects that were adapted to."""
    choosing = Node(
        choose_joint_answer,
        ["zeroshot_scores", "crossmost_scores", "params:evaluation"],
        "joint_answer",
        name="choose_joint_answer",
    )
    models = ["crossmost_model", "zeroshot_model", "joint_answer"]
    return Pipeline([choosing, *_objects(predict_answers, models)], tags="prediction")


def create_crossmost_pipeline() -> Pipeline:
    """The same with the adapted model alone."""
    return Pipeline(_objects(predict_new_objects, ["crossmost_model"]), tags="crossmost_prediction")


def create_zeroshot_pipeline() -> Pipeline:
    """The same with the model before any adaptation alone."""
    return Pipeline(_objects(predict_new_objects, ["zeroshot_model"]), tags="zeroshot_prediction")


def create_picture_pipeline() -> Pipeline:
    """Pictures without clouds, classified with the adapted model."""
    return Pipeline(
        [
            Node(list_new_pictures, "params:prediction", "new_pictures", name="list_new_pictures"),
            Node(
                classify_pictures,
                ["crossmost_model", "new_pictures", "params:prediction", "params:zeroshot"],
                ["new_picture_predictions", "new_picture_predictions_spreadsheet", "new_picture_quarantine"],
                name="classify_pictures",
            ),
            Node(
                make_picture_gallery,
                [
                    "crossmost_model",
                    "new_picture_predictions",
                    "new_pictures",
                    "new_picture_quarantine",
                    "params:prediction",
                ],
                "new_picture_gallery",
                name="make_picture_gallery",
            ),
        ],
        tags="picture_prediction",
    )


def _objects(predict: Callable[..., object], models: list[str]) -> list[Node]:
    """Prepare new objects exactly as those the (first) model was adapted to, then classify and show them."""
    return [
        Node(
            list_new_objects,
            [models[0], "params:prediction", "params:rendering", "params:zeroshot"],
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
            predict,
            [*models, "new_views", "new_clouds", "new_objects", "new_quarantine", "params:zeroshot"],
            ["new_predictions", "new_predictions_spreadsheet"],
            name="predict_new_objects",
        ),
        Node(
            make_gallery,
            [models[0], "new_predictions", "new_views", "new_quarantine", "params:prediction"],
            "new_gallery",
            name="make_gallery",
        ),
    ]
