"""Nodes of the zero-shot pipeline."""

import pandas as pd
import torch

from crossmost.collection import Collection, load_collection
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints.assembly import load_starting_point
from crossmost.models.joint import JointModel
from crossmost.models.joint_checkpoint import joint_card, load_fusion, load_joint, load_pose, save_joint, with_pose
from crossmost.models.pose_check import check_pose, report_pose
from crossmost.models.scoring import Scored, check_cloud_size, score_collection
from crossmost.models.zeroshot_model import zeroshot_model
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.shards import ShardStore
from crossmost.transduction import transductive_scores


def build_zeroshot_model(
    mini_encoders: Checkpoint, class_names: list[str], parameters: ZeroshotParameters
) -> Checkpoint:
    """Turn class names into a classifier on top of the aligned towers that the parameters name."""
    start = load_starting_point(parameters.encoders, mini_encoders)
    card = joint_card(start.card, class_names, templates=list(parameters.templates), method="zeroshot")
    return save_joint(zeroshot_model(start, class_names, parameters.templates), card)


def check_clouds(
    unchecked_model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    parameters: ZeroshotParameters,
) -> Checkpoint:
    """The model whose card says how clouds are corrected for it; warns if objects lie on their side or are dots."""
    if parameters.pose_check == "ignore":
        return unchecked_model
    fix = parameters.pose_check == "fix"
    findings = check_pose(
        load_joint(unchecked_model),
        load_collection(views, clouds),
        image_mean=unchecked_model.card["image_mean"],
        image_std=unchecked_model.card["image_std"],
        n_points=parameters.n_points,
        batch_size=parameters.batch_size,
    )
    report_pose(findings, fix=fix)
    return with_pose(unchecked_model, findings.correction()) if fix else unchecked_model


def score_zeroshot(
    zeroshot_model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and embeddings of every object before any adaptation."""
    scores, embeddings = score(zeroshot_model, views, clouds, objects, parameters)
    return scores, embeddings


def classify_transductively(
    zeroshot_scores: pd.DataFrame, zeroshot_embeddings: pd.DataFrame, parameters: ZeroshotParameters
) -> pd.DataFrame:
    """What equal classes and alike neighbors make of the zero-shot scores, without any training."""
    return transductive_scores(zeroshot_scores, zeroshot_embeddings, parameters.transduction)


def score(
    model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
    *,
    keep_embeddings: bool = True,
) -> Scored:
    """Class probabilities and embeddings of every usable object under one joint model."""
    collection = load_collection(views, clouds, load_pose(model))
    return _score(load_joint(model), model, collection, objects, parameters, keep_embeddings)


def _score(
    joint: JointModel,
    model: Checkpoint,
    collection: Collection,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
    keep_embeddings: bool,
) -> Scored:
    card = model.card
    reliability = torch.tensor(card["reliability"]) if "reliability" in card else None
    n_points = min(parameters.n_points, collection.clouds.shape[1])
    check_cloud_size(joint.point_tower.config, n_points, card.get("expected_points"))
    return score_collection(
        joint,
        collection,
        dict(zip(objects["object_id"], objects["split"], strict=True)),
        method=card["method"],
        image_mean=card["image_mean"],
        image_std=card["image_std"],
        n_points=parameters.n_points,
        batch_size=parameters.batch_size,
        fusion=load_fusion(model),
        reliability=reliability,
        keep_embeddings=keep_embeddings,
    )
