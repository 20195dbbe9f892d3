"""Nodes of the self-training pipeline. None of them can receive a label."""

from pathlib import Path

import pandas as pd

from crossmost.collection import load_adaptation_set
from crossmost.embeddings import Embeddings
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import MINI
from crossmost.models.joint_checkpoint import load_joint, load_pose, with_fusion
from crossmost.models.scoring import fusion_from_scores, learn_fusion, predictions_from_scores, require_stored_points
from crossmost.pipelines.scoring import score
from crossmost.pipelines.selftraining.parameters import SelftrainingParameters
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.scores import Scores
from crossmost.selftraining.result import SelfTrainingResult
from crossmost.selftraining.schedule import warn_of_learning_rate
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.snapshots import snapshot_predictions
from crossmost.selftraining.trainer import self_train
from crossmost.shards import ShardStore

Adapted = tuple[Checkpoint, pd.DataFrame, pd.DataFrame]
Snapshots = list[tuple[int, Checkpoint | None]]
"""Epoch and teacher of that time; None for the one that is the result."""


def adapt_jointly(
    zeroshot_model: Checkpoint,
    zeroshot_scores: Scores,
    transductive_scores: Scores,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: SelftrainingParameters,
    scoring: ZeroshotParameters,
) -> tuple[Checkpoint, pd.DataFrame, pd.DataFrame, Snapshots]:
    """Cross-MoST: both towers learn from joint pseudo-labels; returns the teacher, its log, labels and snapshots."""
    inputs = (zeroshot_model, zeroshot_scores, transductive_scores, views, clouds, objects)
    model, result = _adapt(*inputs, parameters.crossmost, parameters.scratch, scoring, "crossmost")
    snapshots = [
        (epoch, None if epoch == result.selected_epoch else Checkpoint(weights, model.card))
        for epoch, weights in result.snapshots
    ]
    return model, result.log, result.pseudo_labels, snapshots


def adapt_separately(
    zeroshot_model: Checkpoint,
    zeroshot_scores: Scores,
    transductive_scores: Scores,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: SelftrainingParameters,
    scoring: ZeroshotParameters,
) -> Adapted:
    """The baseline: each tower learns from its own pseudo-labels."""
    inputs = (zeroshot_model, zeroshot_scores, transductive_scores, views, clouds, objects)
    settings = parameters.separate_settings().model_copy(update={"snapshots": 0})
    model, result = _adapt(*inputs, settings, parameters.scratch, scoring, "selftrain_separate")
    return model, result.log, result.pseudo_labels


def score_crossmost(
    crossmost_model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
) -> tuple[Scores, Embeddings]:
    """Scores and embeddings of every object under the adapted model, read out exactly as the zero-shot ones."""
    return score(
        crossmost_model, views, clouds, objects, n_points=parameters.n_points, batch_size=parameters.batch_size
    )


def score_separate(
    separate_model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
) -> Scores:
    """Scores of every object under the baseline."""
    return score(
        separate_model,
        views,
        clouds,
        objects,
        n_points=parameters.n_points,
        batch_size=parameters.batch_size,
        keep_embeddings=False,
    ).scores


def score_snapshots(
    snapshots: Snapshots,
    crossmost_scores: Scores,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
) -> pd.DataFrame:
    """Classes that teachers along the run name, so that evaluation can show what the choice of the last one missed."""
    scored = (
        crossmost_scores
        if model is None
        else score(
            model,
            views,
            clouds,
            objects,
            n_points=parameters.n_points,
            batch_size=parameters.batch_size,
            keep_embeddings=False,
        ).scores
        for _, model in snapshots
    )
    return snapshot_predictions([epoch for epoch, _ in snapshots], scored)


def _adapt(
    start: Checkpoint,
    scores: Scores,
    transductive_scores: Scores,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    settings: SelfTrainingSettings,
    scratch: Path,
    scoring: ZeroshotParameters,
    method: str,
) -> tuple[Checkpoint, SelfTrainingResult]:
    joint = load_joint(start)
    collection = load_adaptation_set(views, clouds, objects, load_pose(start))
    require_stored_points(settings.n_points, collection.clouds.shape[1], "selftraining.crossmost.n_points")
    if start.card["encoders"]["backbone"] != MINI:
        warn_of_learning_rate(settings)
    fusion = fusion_from_scores(scores)
    transductive = None
    if settings.pseudo_labels.transductive_epochs > 0:
        transductive = predictions_from_scores(transductive_scores, collection.object_ids)
    result = self_train(
        joint,
        collection.for_tower(joint.point_tower.config.in_channels),
        settings,
        image_mean=start.card["image_mean"],
        image_std=start.card["image_std"],
        fusion=fusion,
        transductive=transductive,
        scratch=scratch,
        title=f"self-training ({settings.pseudo_labels.rule})",
    )
    for table in (result.log, result.pseudo_labels):
        table.insert(0, "method", method)
    card = start.card | {
        "method": method,
        "selected_epoch": result.selected_epoch,
        "reliability": fusion.reliability.tolist(),
        "selftraining": settings.model_dump(mode="json"),
    }
    learned = learn_fusion(
        load_joint(Checkpoint(result.teacher, start.card)),  # anew: training may have been in another precision
        collection,
        image_mean=card["image_mean"],
        image_std=card["image_std"],
        n_points=scoring.n_points,
        batch_size=scoring.batch_size,
        reliability=fusion.reliability,
    )
    return Checkpoint(with_fusion(result.teacher, learned), card), result
