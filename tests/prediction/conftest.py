"""A model to predict with."""

import pytest

from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints.assembly import StartingPoint
from crossmost.models.encoders import Encoders
from crossmost.models.joint_checkpoint import joint_card, preparation, save_joint
from crossmost.models.zeroshot_model import zeroshot_model
from tests.tiny_run import PROJECT

CLASSES = ["chair", "bottle", "table", "lamp", "bed", "sofa"]


@pytest.fixture(scope="session")
def model() -> Checkpoint:
    """The zero-shot model of the shipped encoders in the place of an adapted one, for objects of `TINY` runs."""
    mini = CheckpointDataset(filepath=str(PROJECT / "data/06_models/mini_encoders")).load()
    start = StartingPoint(Encoders.from_checkpoint(mini).eval(), mini.card)
    card = joint_card(mini.card, CLASSES, method="crossmost", prepared=preparation(64, 2048, 256))
    return save_joint(zeroshot_model(start, CLASSES, ["a {}."]), card)
