"""Nodes of the tuning pipeline. None of them can receive a label."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import yaml

from crossmost.collection import load_adaptation_set
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.joint_checkpoint import load_joint, load_pose
from crossmost.pipelines.selftraining.parameters import SelftrainingParameters
from crossmost.pipelines.tuning.parameters import TuningParameters
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.scores import Scores
from crossmost.shards import ShardStore
from crossmost.tuning import Target, choice, compare_settings, grid_changes

logger = logging.getLogger(__name__)


def compare(
    zeroshot_model: Checkpoint,
    zeroshot_scores: Scores,
    transductive_scores: Scores,
    views: ShardStore,
    clouds: ShardStore,
    objects: pd.DataFrame,
    selftraining: SelftrainingParameters,
    zeroshot: ZeroshotParameters,
    parameters: TuningParameters,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A run of Cross-MoST for every combination of the grid, the best first; logs how to run the main job with that."""
    collection = load_adaptation_set(views, clouds, objects, load_pose(zeroshot_model))
    channels = load_joint(zeroshot_model).point_tower.config.in_channels
    target = Target(
        start=partial(load_joint, zeroshot_model),
        data=collection.for_tower(channels),
        reference=zeroshot_scores,
        transductive=transductive_scores,
        image_mean=zeroshot_model.card["image_mean"],
        image_std=zeroshot_model.card["image_std"],
        n_points=zeroshot.n_points,
        batch_size=zeroshot.batch_size,
    )
    candidates = grid_changes(parameters.grid)
    comparison = compare_settings(
        target,
        selftraining.crossmost,
        candidates,
        seeds=parameters.seeds,
        criterion=parameters.criterion,
        scratch=parameters.scratch,
    )
    chosen = choice(comparison, candidates, parameters.criterion)
    logger.info(
        "Best by %s (%.3f, ahead by %.3f): %s",
        parameters.criterion,
        chosen["value"],
        chosen["lead"],
        how_to_run(chosen),
    )
    return comparison, chosen


def how_to_run(chosen: Mapping[str, Any]) -> str:
    """A command with the chosen settings, or where to write them if a command line cannot hold their values."""
    if all(isinstance(value, str | int | float) for value in chosen["changes"].values()):
        settings = ",".join(f"selftraining.crossmost.{name}={value}" for name, value in chosen["changes"].items())
        return f"kedro run --pipeline=selftrain --params {settings} (and the --env of this run)"
    settings = yaml.safe_dump({"selftraining": {"crossmost": _nested(chosen["changes"])}}, default_flow_style=None)
    return f"write into conf/ENVIRONMENT/parameters.yml of this run (conf/local, if it named none)\n{settings}"


def _nested(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Blocks in place of dotted names."""
    blocks: dict[str, Any] = {}
    for name, value in changes.items():
        *above, last = name.split(".")
        block = blocks
        for part in above:
            block = block.setdefault(part, {})
        block[last] = value
    return blocks
