"""The point towers there are, by the kind that a checkpoint's card names."""

from typing import Any

from crossmost.models.openshape_tower import OpenShapeConfig, OpenShapeTower
from crossmost.models.point_tower import PointTower, PointTowerConfig
from crossmost.models.uni3d_tower import Uni3DConfig, Uni3DTower

AnyPointTower = PointTower | Uni3DTower | OpenShapeTower
AnyPointConfig = PointTowerConfig | Uni3DConfig | OpenShapeConfig

CONFIGS: dict[str, type[AnyPointConfig]] = {
    "point_bert": PointTowerConfig,
    "uni3d": Uni3DConfig,
    "openshape": OpenShapeConfig,
}

FRESH_PARTS = ("mask_token", "mask_position.", "lm_head.")
"""Prefixes of what self-training needs and published checkpoints need not have."""


def build_point_tower(config: AnyPointConfig) -> AnyPointTower:
    """A tower with random weights."""
    if isinstance(config, PointTowerConfig):
        return PointTower(config)
    if isinstance(config, Uni3DConfig):
        return Uni3DTower(config)
    return OpenShapeTower(config)


def point_config_from_card(described: dict[str, Any]) -> AnyPointConfig:
    """From the JSON that ``asdict`` of a config becomes; cards without a kind are Point-BERT's."""
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in described.items()
    }
    return CONFIGS[described.get("kind", "point_bert")](**values)
