"""Clean procedural objects, and a zero-shot model that knows them."""

import numpy as np
import pytest

from crossmost.geometry.normalize import normalize_cloud
from crossmost.geometry.sampling import sample_surface
from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.checkpoints.assembly import StartingPoint
from crossmost.models.encoders import Encoders
from crossmost.models.joint import JointModel
from crossmost.models.zeroshot_model import zeroshot_model
from crossmost.sources.shapes.generator import generate_shape
from tests.models.procedural import CLASSES, N_OBJECTS
from tests.tiny_run import PROJECT


@pytest.fixture(scope="module")
def model() -> JointModel:
    """The mini encoders with a classifier of `CLASSES`."""
    mini = CheckpointDataset(filepath=str(PROJECT / "data/06_models/mini_encoders")).load()
    start = StartingPoint(Encoders.from_checkpoint(mini).eval(), mini.card)
    return zeroshot_model(start, CLASSES, ["a {}.", "a point cloud of a {}."])


@pytest.fixture(scope="module")
def upright() -> np.ndarray:
    """Clouds of the classes in turn, which the mini encoders know well."""
    clouds = []
    for number in range(N_OBJECTS):
        mesh = generate_shape(CLASSES[number % len(CLASSES)], 70_000 + number).mesh
        clouds.append(normalize_cloud(sample_surface(mesh, 512, np.random.default_rng(number))))
    return np.stack(clouds)
