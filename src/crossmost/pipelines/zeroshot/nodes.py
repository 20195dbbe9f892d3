"""Nodes of the zero-shot pipeline."""

import pandas as pd

from crossmost.collection import load_collection
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import Encoders
from crossmost.models.joint import JointModel
from crossmost.models.joint_checkpoint import joint_card, load_joint, save_joint
from crossmost.models.scoring import score_collection
from crossmost.models.text_classifier import text_classifier
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.shards import ShardStore


def build_zeroshot_model(
    mini_encoders: Checkpoint, class_names: list[str], parameters: ZeroshotParameters
) -> Checkpoint:
    """Turn class names into a classifier on top of the aligned towers."""
    encoders = Encoders.from_checkpoint(mini_encoders).eval()
    classifier = text_classifier(encoders, class_names, parameters.templates)
    card = joint_card(mini_encoders, class_names, templates=list(parameters.templates), method="zeroshot")
    return save_joint(JointModel(encoders, classifier), card)


def score_zeroshot(
    zeroshot_model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
) -> pd.DataFrame:
    """Class probabilities of every object before any adaptation."""
    return score(zeroshot_model, views, clouds, objects, parameters)


def score(
    model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
) -> pd.DataFrame:
    """Class probabilities of every usable object under one joint model."""
    return score_collection(
        load_joint(model),
        load_collection(views, clouds),
        dict(zip(objects["object_id"], objects["split"], strict=True)),
        method=model.card["method"],
        image_mean=model.card["image_mean"],
        image_std=model.card["image_std"],
        n_points=parameters.n_points,
        batch_size=parameters.batch_size,
    )
