"""Nodes of the zero-shot pipeline."""

import pandas as pd

from crossmost.collection import load_adaptation_set, load_collection
from crossmost.embeddings import Embeddings
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints.assembly import load_starting_point
from crossmost.models.joint_checkpoint import (
    joint_card,
    load_joint,
    preparation,
    save_joint,
    with_fusion,
    with_pose,
)
from crossmost.models.pose_check import check_pose, report_pose
from crossmost.models.scoring import check_cloud_size, fusion_from_scores, require_stored_points
from crossmost.models.zeroshot_model import unknown_class_names, zeroshot_model
from crossmost.pipelines.scoring import score
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.scores import Scores
from crossmost.shards import ShardStore
from crossmost.transduction import transductive_scores


def build_zeroshot_model(
    mini_encoders: Checkpoint, class_names: list[str], parameters: ZeroshotParameters
) -> Checkpoint:
    """Turn class names into a classifier on top of the aligned towers that the parameters name."""
    start = load_starting_point(parameters.encoders, mini_encoders)
    card = joint_card(start.card, class_names, templates=list(parameters.templates), method="zeroshot")
    if unknown := unknown_class_names(start, class_names):
        card["unknown_class_names"] = unknown
    return save_joint(zeroshot_model(start, class_names, parameters.templates), card)


def check_clouds(
    unchecked_model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
) -> Checkpoint:
    """The model whose card says what objects are like, and how clouds are corrected for it.

    Warns if they lie on their side or are dots. Objects to test on have no part in it, unless there are no others.
    """
    collection = load_adaptation_set(views, clouds, objects)
    if not len(collection):
        collection = load_collection(views, clouds)
    prepared = preparation(collection.views.shape[2], collection.clouds.shape[1], parameters.n_points)
    model = Checkpoint(unchecked_model.tensors, unchecked_model.card | {"prepared": prepared})
    if parameters.pose_check == "ignore":
        return model
    fix = parameters.pose_check == "fix"
    joint = load_joint(unchecked_model)
    # Scoring says whether clouds are small for this tower; here only those that it cannot take are refused.
    require_stored_points(parameters.n_points, collection.clouds.shape[1], "zeroshot.n_points")
    check_cloud_size(joint.point_tower.config, parameters.n_points, None)
    findings = check_pose(
        joint,
        collection,
        image_mean=unchecked_model.card["image_mean"],
        image_std=unchecked_model.card["image_std"],
        n_points=parameters.n_points,
        batch_size=parameters.batch_size,
    )
    report_pose(findings, fix=fix)
    return with_pose(model, findings.correction()) if fix else model


def score_zeroshot(
    checked_model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
) -> tuple[Scores, Embeddings]:
    """Scores and embeddings of every object before any adaptation."""
    return score(checked_model, views, clouds, objects, n_points=parameters.n_points, batch_size=parameters.batch_size)


def read_both_modalities(checked_model: Checkpoint, zeroshot_scores: Scores) -> Checkpoint:
    """The model that reads images and points together as it did in the scored collection."""
    return Checkpoint(with_fusion(checked_model.tensors, fusion_from_scores(zeroshot_scores)), checked_model.card)


def classify_transductively(
    zeroshot_scores: Scores, zeroshot_embeddings: Embeddings, parameters: ZeroshotParameters
) -> Scores:
    """What equal classes and alike neighbors make of the zero-shot scores, without any training."""
    return transductive_scores(zeroshot_scores, zeroshot_embeddings, parameters.transduction)
