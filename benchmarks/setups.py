"""The two configurations whose speed is measured: towers, objects and settings."""

import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from kedro.config import OmegaConfigLoader
from torch.nn import functional

from crossmost.collection import Collection, load_collection
from crossmost.errors import MissingInputError
from crossmost.models.checkpoint import load_checkpoint
from crossmost.models.encoders import Encoders, EncodersConfig
from crossmost.models.joint import JointModel
from crossmost.models.point_tower import PointTowerConfig
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.settings import CONFIG_LOADER_ARGS
from crossmost.shards import ShardStore, StoredRows

PROJECT = Path(__file__).parents[1]
CONFIGURATIONS = {
    "mini": "the shipped encoders, 64 objects a batch, on the stored objects (noise of their shape if there are none)",
    "vit-b-16": "open_clip's ViT-B-16 and a Point-BERT of published size, random weights, 4 objects of noise a batch",
}
CLASSES = 40


@dataclass(frozen=True)
class Setup:
    """Towers, objects and the settings of `conf/base`, with the batch and cloud size of the configuration."""

    name: str
    encoders: Encoders
    collection: Collection
    selftraining: SelfTrainingSettings
    zeroshot: ZeroshotParameters

    def model(self) -> JointModel:
        """A copy of the towers behind a random classifier, on whose values no time depends."""
        generator = torch.Generator().manual_seed(0)
        classifier = functional.normalize(torch.randn(self.encoders.embed_dim, CLASSES, generator=generator), dim=0)
        return JointModel(copy.deepcopy(self.encoders), classifier)


def make_setup(
    name: str,
    *,
    batch_size: int | None = None,
    objects: Collection | None = None,
    stream: bool = False,
    noise: int = 0,
) -> Setup:
    """A configuration by its name.

    Args:
        batch_size: in place of the configuration's.
        objects: in place of the configuration's.
        stream: see `stored_objects`.
        noise: at least so many objects, where they are noise.
    """
    parameters = OmegaConfigLoader(str(PROJECT / "conf"), env="base", **CONFIG_LOADER_ARGS)["parameters"]
    selftraining = SelfTrainingSettings.model_validate(parameters["selftraining"]["crossmost"])
    zeroshot = ZeroshotParameters.model_validate(parameters["zeroshot"])
    changes: dict[str, int] = {}
    torch.manual_seed(0)
    if name == "mini":
        encoders = Encoders.from_checkpoint(load_checkpoint(PROJECT / "data/06_models/mini_encoders"))
        objects = (
            objects or stored_objects(stream=stream) or noise_objects(noise or 128, views=12, side=96, points=2048)
        )
    elif name == "vit-b-16":
        encoders = Encoders(EncodersConfig(backbone="ViT-B-16", point_tower=PointTowerConfig()))
        changes = {"batch_size": 4, "n_points": 8192}
        objects = objects or noise_objects(max(16, 2 * (batch_size or 0), noise), views=4, side=224, points=8192)
    else:
        raise ValueError(f"no configuration {name!r}; there are {', '.join(CONFIGURATIONS)}")
    wanted = batch_size or changes.get("batch_size", selftraining.batch_size)
    changes["batch_size"] = min(wanted, len(objects))
    return Setup(name, encoders, objects, selftraining.model_copy(update=changes), zeroshot.model_copy(update=changes))


def stored_objects(*, stream: bool) -> Collection | None:
    """The objects that `kedro run --pipelines=ingestion,rendering` has made; None if there are none.

    Args:
        stream: keep none in memory; else all.
    """
    stored = PROJECT / "data/03_primary"
    try:
        objects = load_collection(ShardStore(stored / "views"), ShardStore(stored / "clouds"))
    except MissingInputError:
        return None
    if stream:
        for rows in (objects.views, objects.clouds):
            cast(StoredRows, rows).kept_bytes = 0
        return objects
    return replace(objects, views=objects.views[:], clouds=objects.clouds[:], colors=None)


def noise_objects(count: int, views: int, side: int, points: int) -> Collection:
    """Random pictures, and clouds of unit radius."""
    rng = np.random.default_rng(0)
    clouds = rng.normal(size=(count, points, 3)).astype(np.float32)
    clouds /= np.linalg.norm(clouds, axis=-1).max(1)[:, None, None]
    pictures = rng.integers(0, 255, (count, views, side, side, 3), dtype=np.uint8)
    return Collection(tuple(f"object-{i}" for i in range(count)), pictures, clouds)
