"""Nodes of the self-training pipeline. None of them can receive a label."""

import pandas as pd

from crossmost.collection import load_collection
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.joint_checkpoint import load_joint, save_joint
from crossmost.pipelines.selftraining.parameters import SelftrainingParameters
from crossmost.pipelines.zeroshot.nodes import score
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.trainer import self_train
from crossmost.shards import ShardStore

Adapted = tuple[Checkpoint, pd.DataFrame, pd.DataFrame]


def adapt_jointly(
    zeroshot_model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: SelftrainingParameters,
) -> Adapted:
    """Cross-MoST: both towers learn from joint pseudo-labels; returns the teacher, its log and the pseudo-labels."""
    return _adapt(zeroshot_model, views, clouds, objects, parameters.crossmost, "crossmost")


def adapt_separately(
    zeroshot_model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: SelftrainingParameters,
) -> Adapted:
    """The baseline: each tower learns from its own pseudo-labels."""
    return _adapt(zeroshot_model, views, clouds, objects, parameters.separate_settings(), "selftrain_separate")


def score_adapted(
    model: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    parameters: ZeroshotParameters,
) -> pd.DataFrame:
    """Class probabilities of every object under an adapted model, read out exactly as the zero-shot ones."""
    return score(model, views, clouds, objects, parameters)


def _adapt(
    start: Checkpoint,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    settings: SelfTrainingSettings,
    method: str,
) -> Adapted:
    adaptation_set = set(objects.loc[objects["split"] == "adapt", "object_id"])
    result = self_train(
        load_joint(start),
        load_collection(views, clouds).subset(adaptation_set),
        settings,
        image_mean=start.card["image_mean"],
        image_std=start.card["image_std"],
        title=f"self-training ({settings.pseudo_labels.rule})",
    )
    for table in (result.log, result.pseudo_labels):
        table.insert(0, "method", method)
    card = start.card | {"method": method, "selftraining": settings.model_dump(mode="json")}
    return save_joint(result.teacher, card), result.log, result.pseudo_labels
