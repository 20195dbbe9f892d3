"""Nodes of the prediction pipelines."""

import logging
from dataclasses import replace

import pandas as pd

from crossmost.classifier import Classifier
from crossmost.collection import load_collection
from crossmost.errors import CrossmostError, MissingInputError
from crossmost.evaluation import Answer, answer_from_scores
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.joint_checkpoint import load_pose, preparation
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from crossmost.pipelines.prediction.parameters import PredictionParameters
from crossmost.pipelines.rendering.parameters import RenderingParameters
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.prediction import (
    corrected_frame,
    picture_spreadsheet,
    predict,
    predict_pictures,
    render_gallery,
    render_picture_gallery,
    require_same_preparation,
    spreadsheet,
    with_joint_prediction,
)
from crossmost.scores import Scores
from crossmost.shards import ShardStore, ShardWork, chunk_into_shards, decode_json
from crossmost.sources import FolderSettings, RawObject, make_object_sample, source_code_fingerprint
from crossmost.sources.folder import FolderSource
from crossmost.sources.frames import Frame
from crossmost.sources.missing_files import say_missing_files
from crossmost.sources.picture_files import PictureFiles, list_pictures

logger = logging.getLogger(__name__)

_NAMED = 5  # unusable objects in an error message


def choose_joint_answer(zeroshot_scores: Scores, crossmost_scores: Scores, evaluation: EvaluationParameters) -> Answer:
    """Whose joint prediction is the answer for new objects: the one that is for the objects adapted to."""
    answer = answer_from_scores(zeroshot_scores, crossmost_scores, evaluation.least_changed_share)
    logger.info(
        "The joint prediction of new objects is that of %s: self-training changed %.1f %% of the joint labels of the "
        "objects adapted to (evaluation.least_changed_share is %g)",
        answer.method,
        100 * answer.changed_share,
        evaluation.least_changed_share,
    )
    return answer


def list_new_objects(
    model: Checkpoint,
    parameters: PredictionParameters,
    rendering: RenderingParameters,
    zeroshot: ZeroshotParameters,
) -> list[RawObject]:
    """The files to classify, into the classes of the model, prepared as those it was adapted to."""
    if parameters.source is None:
        raise MissingInputError(
            "Which objects? Name a folder of meshes or clouds: "
            "kedro run --pipelines=prediction --params prediction.source=DIR"
        )
    require_same_preparation(
        model.card,
        preparation(rendering.views.image_size, rendering.clouds.n_points, zeroshot.n_points),
    )
    given, pose = Frame(parameters.up, parameters.front), load_pose(model)
    frame = corrected_frame(given, pose.up)
    if pose.up != "y":
        logger.info("The model was adapted to objects that had to be turned; so are these: %s is up", frame.up)
    return list(FolderSource(parameters.source, "none", tuple(model.card["class_names"]), frame).objects())


def prepare_new_meshes(new_objects: list[RawObject], parameters: PredictionParameters) -> ShardWork:
    """Every new object as a compact textured mesh or as a cloud, in one frame; done when the dataset is saved."""
    return ShardWork(
        jobs=chunk_into_shards(new_objects, "new", parameters.objects_per_shard),
        worker=make_object_sample,
        settings_fingerprint=source_code_fingerprint(FolderSettings(kind="folder")),
        stage="preparing new objects",
        n_jobs=parameters.n_jobs,
    )


def list_unusable_objects(
    new_meshes: ShardStore, new_views: ShardStore, new_clouds: ShardStore, new_objects: list[RawObject]
) -> pd.DataFrame:
    """Objects that could not be read, pictured or turned into a cloud, with their file and the reason."""
    say_missing_files((decode_json(sample.members["json"]) for sample in new_meshes.samples("json")), new_objects)
    unusable = pd.concat([store.quarantine() for store in (new_meshes, new_views, new_clouds)], ignore_index=True)
    file_of = {raw.object_id: raw.source for raw in new_objects}
    unusable.insert(1, "file", unusable["object_id"].map(file_of))
    return unusable


def predict_new_objects(
    model: Checkpoint,
    new_views: ShardStore,
    new_clouds: ShardStore,
    new_objects: list[RawObject],
    new_quarantine: pd.DataFrame,
    zeroshot: ZeroshotParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions with lists for programs, and the same as a spreadsheet."""
    predictions = _predict(model, new_views, new_clouds, new_objects, new_quarantine, zeroshot)
    return predictions, spreadsheet(predictions)


def predict_answers(
    crossmost_model: Checkpoint,
    zeroshot_model: Checkpoint,
    joint_answer: Answer,
    new_views: ShardStore,
    new_clouds: ShardStore,
    new_objects: list[RawObject],
    new_quarantine: pd.DataFrame,
    zeroshot: ZeroshotParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Images and points as the adapted model sees them, both together as the answer does; also as a spreadsheet."""
    if crossmost_model.card["class_names"] != zeroshot_model.card["class_names"]:
        raise CrossmostError(
            "The adapted model and the zero-shot one have other classes: run `kedro run --pipelines=selftraining` again"
        )
    given = new_views, new_clouds, new_objects, new_quarantine, zeroshot
    predictions = _predict(crossmost_model, *given)
    if joint_answer.method != crossmost_model.card["method"]:
        predictions = with_joint_prediction(predictions, _predict(zeroshot_model, *given))
    return predictions, spreadsheet(predictions)


def _predict(
    model: Checkpoint,
    new_views: ShardStore,
    new_clouds: ShardStore,
    new_objects: list[RawObject],
    new_quarantine: pd.DataFrame,
    zeroshot: ZeroshotParameters,
) -> pd.DataFrame:
    if not set(new_views.object_ids()) & set(new_clouds.object_ids()):
        named = [f"  {row.file}: {row.reason}" for row in new_quarantine.head(_NAMED).itertuples()]
        raise CrossmostError(
            f"None of the {len(new_objects)} objects can be classified. All reasons are in new_quarantine.csv, the "
            "first are:\n" + "\n".join(named)
        )
    return predict(
        model,
        load_collection(new_views, new_clouds, replace(load_pose(model), up="y")),  # turned when they were read
        {raw.object_id: raw.source for raw in new_objects},
        n_points=zeroshot.n_points,
        batch_size=zeroshot.batch_size,
    )


def make_gallery(
    model: Checkpoint,
    new_predictions: pd.DataFrame,
    new_views: ShardStore,
    new_quarantine: pd.DataFrame,
    parameters: PredictionParameters,
) -> str:
    """The page of new objects."""
    return render_gallery(
        new_predictions,
        new_views,
        new_quarantine,
        method=model.card["method"],
        most_objects=parameters.gallery_objects,
    )


def list_new_pictures(parameters: PredictionParameters) -> PictureFiles:
    """The files to classify."""
    if parameters.pictures is None:
        raise MissingInputError(
            "Which pictures? Name a folder of them: "
            "kedro run --pipelines=picture_prediction --params prediction.pictures=DIR"
        )
    return list_pictures(parameters.pictures, parameters.picture_objects)


def classify_pictures(
    crossmost_model: Checkpoint,
    new_pictures: PictureFiles,
    parameters: PredictionParameters,
    zeroshot: ZeroshotParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Predictions with lists for programs, the same as a spreadsheet, and files that could not be read."""
    classifier = Classifier(crossmost_model, batch_size=zeroshot.batch_size)
    predictions, quarantine = predict_pictures(classifier, new_pictures, n_jobs=parameters.n_jobs)
    return predictions, picture_spreadsheet(predictions), quarantine


def make_picture_gallery(
    crossmost_model: Checkpoint,
    new_picture_predictions: pd.DataFrame,
    new_pictures: PictureFiles,
    new_picture_quarantine: pd.DataFrame,
    parameters: PredictionParameters,
) -> str:
    """The page of new pictures."""
    return render_picture_gallery(
        new_picture_predictions,
        new_pictures,
        new_picture_quarantine,
        method=crossmost_model.card["method"],
        most_objects=parameters.gallery_objects,
    )
