"""Nodes of the pre-training pipeline."""

import pandas as pd

from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import mini_config
from crossmost.pipelines.pretraining.parameters import PretrainingParameters
from crossmost.pretraining.source import load_source, plan_source
from crossmost.pretraining.trainer import pretrain
from crossmost.shards import ShardStore, ShardWork


def make_source_objects(parameters: PretrainingParameters) -> ShardWork:
    """Describe the procedural source domain; saving it renders and samples every shape."""
    return plan_source(parameters.source, parameters.n_jobs)


def pretrain_encoders(source_objects: ShardStore, parameters: PretrainingParameters) -> tuple[Checkpoint, pd.DataFrame]:
    """Align the mini encoders on the source domain; returns their checkpoint and the log of losses and accuracy."""
    data = load_source(source_objects)
    encoders, log = pretrain(data, mini_config(), parameters.templates, parameters.training)
    last = log.iloc[-1]
    card = {
        "trained_on": f"{len(data.class_index)} procedural shapes of {len(data.class_names)} classes",
        "class_names": list(data.class_names),
        "up_axis": "y",
        "color": False,
        "n_points": parameters.training.n_points,
        "license": "Apache-2.0",
        "holdout_top1_image": round(float(last["holdout_top1_image"]), 4),
        "holdout_top1_point": round(float(last["holdout_top1_point"]), 4),
        "source_fingerprint": source_objects.fingerprint,
    }
    return encoders.checkpoint(card), log
