"""How every pipeline scores a stored collection with a joint model; imports no training and no baseline."""

from dataclasses import replace

import pandas as pd
import torch

from crossmost.collection import load_collection
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.joint_checkpoint import load_fusion, load_joint, load_pose
from crossmost.models.scoring import Scored, check_cloud_size, require_stored_points, score_collection
from crossmost.shards import ShardStore


def score(
    model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    *,
    n_points: int,
    batch_size: int,
    keep_embeddings: bool = True,
) -> Scored:
    """Class probabilities and embeddings of every usable object under one joint model.

    Args:
        objects: table with object_id and split.
        n_points: points of a cloud that enter the point tower, as zeroshot.n_points says.
        batch_size: objects scored at once.
        keep_embeddings: see `score_collection`.

    Raises:
        CrossmostError: if clouds are smaller than that, or than the point tower's groups.
    """
    joint, card = load_joint(model), model.card
    collection = load_collection(views, clouds, load_pose(model))
    reliability = torch.tensor(card["reliability"]) if "reliability" in card else None
    require_stored_points(n_points, collection.clouds.shape[1], "zeroshot.n_points")
    check_cloud_size(joint.point_tower.config, n_points, card.get("expected_points"))
    scored = score_collection(
        joint,
        collection,
        dict(zip(objects["object_id"], objects["split"], strict=True)),
        method=card["method"],
        image_mean=card["image_mean"],
        image_std=card["image_std"],
        n_points=n_points,
        batch_size=batch_size,
        fusion=load_fusion(model),
        reliability=reliability,
        keep_embeddings=keep_embeddings,
    )
    return scored._replace(scores=replace(scored.scores, class_names=tuple(card["class_names"])))
