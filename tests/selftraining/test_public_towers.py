"""Self-training reaches every part of the towers of public families."""

import numpy as np
import pytest
import torch

from crossmost.collection import Collection
from crossmost.models.encoders import Encoders, EncodersConfig
from crossmost.models.joint import JointModel
from crossmost.models.openshape_tower import OpenShapeConfig
from crossmost.models.point_towers import AnyPointConfig
from crossmost.models.uni3d_tower import Uni3DConfig
from crossmost.selftraining.image_augmentation import ImageAugmentation
from crossmost.selftraining.objects import AugmentedObjects
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.trainer import self_train

IMAGE = {
    "image_size": 224,
    "timm_model_name": "vit_tiny_patch16_224",
    "timm_pool": "token",
    "timm_proj": "linear",
}
UNI3D = Uni3DConfig(
    transformer="eva02_tiny_patch14_224",
    width=192,
    encoder_dims=24,
    encoder_hidden=(8, 16, 24),
    n_groups=12,
    group_size=8,
)
OPENSHAPE = OpenShapeConfig(
    width=64, layers=2, heads=1, mlp_width=96, encoder_dims=20, n_groups=12, radius=0.5, group_size=8
)


@pytest.mark.parametrize("config", [UNI3D, OPENSHAPE], ids=lambda config: config.kind)
def test_everything_but_the_mini_pointnet_learns(
    config: AnyPointConfig, selftraining_settings: SelfTrainingSettings
) -> None:
    rng = np.random.default_rng(0)
    data = Collection(
        ("a", "b", "c", "d"),
        rng.integers(0, 255, (4, 2, 72, 72, 3), dtype=np.uint8),
        rng.normal(size=(4, 100, 3)).astype(np.float32),
    )
    labels = selftraining_settings.pseudo_labels.model_copy(update={"threshold_joint": 0.0})
    changes = {"epochs": 1, "batch_size": 2, "n_points": 64, "pseudo_labels": labels}
    engine = selftraining_settings.engine.model_copy(update={"precision": "32-true"})
    changes |= {"classifier_learning_rate": 1.0, "engine": engine}
    settings = selftraining_settings.model_copy(update=changes)
    torch.manual_seed(0)
    architecture = {"embed_dim": 32, "vision_cfg": IMAGE}
    model = JointModel(
        Encoders(EncodersConfig(backbone="tiny", architecture=architecture, point_tower=config)), torch.randn(32, 4)
    )
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    result = self_train(model, data, settings, image_mean=(0.5,) * 3, image_std=(0.25,) * 3)
    assert np.isfinite(result.log["loss"]).all()
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name]) == name.startswith("point_tower.encoder."), name


def test_colors_of_clouds_reach_the_students_batches(selftraining_settings: SelfTrainingSettings) -> None:
    """Points are moved, dropped and repeated by augmentation: each keeps its own color."""
    rng = np.random.default_rng(0)
    clouds = rng.normal(size=(2, 100, 3)).astype(np.float32)
    red_above = np.zeros((2, 100, 3), dtype=np.uint8)
    red_above[..., 0] = np.where(clouds[..., 1] > 0, 255, 0)
    views = rng.integers(0, 255, (2, 2, 72, 72, 3), dtype=np.uint8)
    data = Collection(("a", "b"), views, clouds, red_above).for_tower(6)
    settings = selftraining_settings.model_copy(update={"n_points": 100})
    augment = ImageAugmentation(settings.image_augmentation, 64, (0.5,) * 3, (0.25,) * 3)
    item = AugmentedObjects(data, augment, settings, (8, 8), 12)[0, 0]
    for cloud in (item.weak_cloud, item.strong_cloud):
        assert cloud.shape == (100, 6) and set(cloud[:, 3].unique().tolist()) == {0.0, 1.0}
    red = item.weak_cloud[:, 3] == 1
    assert item.weak_cloud[red, 1].mean() > 0.1 > -0.1 > item.weak_cloud[~red, 1].mean()
