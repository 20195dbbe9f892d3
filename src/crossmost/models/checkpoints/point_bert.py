"""The Point-BERT tower inside ULIP, ULIP-2, Cross-MoST and Point-BERT's own checkpoints."""

from torch import Tensor

from crossmost.models.checkpoints.ledger import KeyLedger, shapes_of
from crossmost.models.point_input import UpAxis
from crossmost.models.point_tower import PointTower, PointTowerConfig
from crossmost.models.point_towers import FRESH_PARTS

PREFIX = "point_encoder."
_HEAD_CHANNELS = 64  # 6 heads of width 384, as published; weights do not say


def point_bert_config(
    ledger: KeyLedger, *, n_groups: int, group_size: int, up_axis: UpAxis, prefix: str = PREFIX
) -> PointTowerConfig:
    """Sizes from the shapes in the file; the grouping, which no weight depends on, as published."""
    first, in_channels, _ = ledger.shape(f"{prefix}encoder.first_conv.0.weight")
    middle = ledger.shape(f"{prefix}encoder.first_conv.3.weight")[0]
    last = ledger.shape(f"{prefix}encoder.second_conv.0.weight")[0]
    width = ledger.shape(f"{prefix}cls_token")[-1]
    return PointTowerConfig(
        width=width,
        layers=ledger.count_layers(f"{prefix}blocks.blocks."),
        heads=max(1, width // _HEAD_CHANNELS),
        encoder_dims=ledger.shape(f"{prefix}encoder.second_conv.3.weight")[0],
        encoder_hidden=(first, middle, last),
        n_groups=n_groups,
        group_size=group_size,
        in_channels=in_channels,
        up_axis=up_axis,
    )


def take_point_bert(ledger: KeyLedger, config: PointTowerConfig, *, prefix: str = PREFIX) -> dict[str, Tensor]:
    """The tower's tensors; names are the published ones."""
    return ledger.take_tower(shapes_of(lambda: PointTower(config)), lambda key: prefix + key, optional=FRESH_PARTS)
