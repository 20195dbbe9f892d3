"""Aligning on embeddings: only the point tower learns, and it learns what belongs together."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from crossmost.alignment.augmentation import vary_clouds
from crossmost.alignment.features import AlignedTriplets
from crossmost.alignment.settings import (
    AlignmentTraining,
    PointAugmentationSettings,
    PointTowerSettings,
    TowersSettings,
)
from crossmost.alignment.towers import towers_to_align
from crossmost.alignment.trainer import align, retrieval
from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints.settings import EncoderSettings
from crossmost.models.encoders import Encoders, mini_config

STILL = PointAugmentationSettings(turn=0, tilt=0, scale=(1, 1), shift=0, jitter=0, dropout=0, grey=0)
SMALL = PointTowerSettings(
    width=48, layers=1, heads=3, encoder_dims=24, encoder_hidden=(8, 16, 24), n_groups=8, group_size=8
)
QUICK = AlignmentTraining(
    epochs=40, batch_size=12, n_points=64, augmentation=STILL, holdout_share=0.25, precision="32-true", seed=1
)


def mini(seed: int = 0) -> Checkpoint:
    torch.manual_seed(seed)
    return Encoders(mini_config()).checkpoint({"license": "Apache-2.0"})


def shapes(count: int = 48, kinds: int = 4, color: bool = False) -> AlignedTriplets:
    """Boxes of different proportions, or of different colors alone; one picture embedding and caption per kind."""
    rng = np.random.default_rng(0)
    kind = np.arange(count) % kinds
    proportions = np.array([[1, 1, 1], [1, 0.1, 1], [0.1, 1, 0.1], [1, 0.1, 0.1]])[kind if not color else kind * 0]
    points = rng.uniform(-1, 1, (count, 128, 3)) * proportions[:, None]
    points /= np.linalg.norm(points, axis=-1).max(1)[:, None, None]
    shades = np.broadcast_to(np.linspace(0, 255, kinds)[kind][:, None, None], points.shape).astype(np.uint8)
    directions = functional.normalize(torch.randn(kinds, 192, generator=torch.Generator().manual_seed(0)), dim=-1)
    return AlignedTriplets(
        object_ids=tuple(f"object-{number}" for number in range(count)),
        clouds=points.astype(np.float16),
        colors=shades if color else None,
        pictures=directions.half().numpy()[kind],
        picture_start=np.arange(count + 1),
        captions=directions.half().numpy(),
        caption_rows=tuple((int(number),) if row % 5 else () for row, number in enumerate(kind)),
    )


def test_the_point_tower_learns_and_nothing_else_moves() -> None:
    towers = towers_to_align(TowersSettings(point_tower=SMALL), mini(), seed=0)
    before = {name: value.clone() for name, value in towers.encoders.state_dict().items()}
    encoders, log = align(towers.encoders, shapes(), QUICK)
    still = ("image_tower.", "text_tower.")
    for name, value in encoders.state_dict().items():
        assert torch.equal(value, before[name]) or not name.startswith(still), name
    assert not torch.equal(encoders.point_projection, before["point_projection"])
    assert len(log) == QUICK.epochs and log["loss"].iloc[-1] < log["loss"].iloc[0]
    assert log["holdout_caption_top1"].iloc[-1] >= 0.75
    assert not encoders.training and all(parameter.requires_grad for parameter in encoders.parameters())


def test_the_same_seed_gives_the_same_weights() -> None:
    results = []
    for _ in range(2):
        towers = towers_to_align(TowersSettings(point_tower=SMALL), mini(), seed=3)
        results.append(align(towers.encoders, shapes(), QUICK.model_copy(update={"epochs": 2}))[0].state_dict())
    assert all(torch.equal(results[0][name], results[1][name]) for name in results[0])


def test_color_alone_can_be_learned_from() -> None:
    data = shapes(color=True)
    reached = {}
    for color in (True, False):
        sizes = SMALL.model_copy(update={"color": color})
        towers = towers_to_align(TowersSettings(point_tower=sizes), mini(), seed=0)
        assert towers.facts["color"] is color
        reached[color] = align(towers.encoders, data, QUICK)[1]["holdout_caption_top1"].tail(5).mean()
    assert reached[True] >= 0.75 > reached[False]


def test_going_on_from_the_towers_own_point_tower() -> None:
    start = TowersSettings(point_tower=PointTowerSettings(start="encoders"))
    towers = towers_to_align(start, mini(), seed=0)
    assert towers.encoders.point_tower.config == mini_config().point_tower
    fresh = towers_to_align(TowersSettings(point_tower=SMALL), mini(), seed=0)
    assert torch.equal(fresh.encoders.image_tower.projection, towers.encoders.image_tower.projection)
    assert fresh.encoders.point_tower.config == SMALL.config()


def test_combinations_that_make_no_sense_are_refused() -> None:
    with pytest.raises(CrossmostError, match="set point_checkpoint to the file that has the towers"):
        towers_to_align(TowersSettings(encoders=EncoderSettings(backbone="checkpoint")), mini(), seed=0)
    with pytest.raises(CrossmostError, match="of no use beside a fresh point tower"):
        encoders = EncoderSettings(backbone="openai/ViT-B-16", point_checkpoint="ulip.pt")
        towers_to_align(TowersSettings(encoders=encoders), mini(), seed=0)
    with pytest.raises(ValueError, match="7 heads cannot share evenly"):
        PointTowerSettings(heads=7)
    with pytest.raises(ValueError, match="smallest, largest"):
        PointAugmentationSettings(scale=(1.2, 0.8))
    with pytest.raises(CrossmostError, match="3 triplets can be used; at least 4"):
        align(Encoders(mini_config()), shapes(3), QUICK)
    with pytest.raises(CrossmostError, match="clouds have 64 points, but the point tower makes"):
        sizes = SMALL.model_copy(update={"n_groups": 100})
        align(towers_to_align(TowersSettings(point_tower=sizes), mini(), seed=0).encoders, shapes(), QUICK)
    more = r"alignment\.training\.n_points is 4096, but clouds .* raise alignment\.rendering\.clouds\.n_points"
    with pytest.raises(CrossmostError, match=more):
        align(Encoders(mini_config()), shapes(), QUICK.model_copy(update={"n_points": 4096}))


def test_the_scale_of_the_cosines_can_come_back_from_its_limit() -> None:
    towers = towers_to_align(TowersSettings(point_tower=SMALL), mini(), seed=0)
    with torch.no_grad():
        towers.encoders.logit_scale.fill_(6.0)  # 403: far above what pairs that do not fit yet should have
    encoders, _ = align(towers.encoders, shapes(), QUICK)
    assert encoders.logit_scale.item() < math.log(100) - 0.01


def test_the_text_tower_still_knows_its_names() -> None:
    known = Checkpoint(mini().tensors, mini().card | {"class_names": ["chair"], "license": "MIT"})
    facts = towers_to_align(TowersSettings(point_tower=SMALL), known, seed=0).facts
    assert (facts["class_names"], facts["license"]) == (["chair"], "MIT")


def test_objects_without_captions_are_measured_by_their_pictures_alone() -> None:
    data = replace(shapes(8), caption_rows=((),) * 8)
    found = retrieval(Encoders(mini_config()), data, np.arange(8), 64)
    assert 0 <= found["holdout_image_top1"] <= 1 and np.isnan(found["holdout_caption_top1"])
    towers = towers_to_align(TowersSettings(point_tower=SMALL), mini(), seed=0)
    log = align(towers.encoders, data, QUICK.model_copy(update={"epochs": 1}))[1]
    assert "caption" not in log and np.isfinite(log["loss"]).all()


def test_varied_clouds_keep_their_colors_and_their_size() -> None:
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(6, 200, 3, generator=generator)
    above = (points[..., 1:2] > points[..., 1:2].mean(1, keepdim=True)).float().expand(-1, -1, 3)
    clouds = torch.cat([points, above], dim=-1)
    varied = vary_clouds(clouds, 150, PointAugmentationSettings(tilt=0, grey=0), generator)
    assert varied.shape == (6, 150, 6) and torch.isfinite(varied).all()
    for cloud in varied:
        upper, lower = cloud[cloud[:, 3] == 1, 1], cloud[cloud[:, 3] == 0, 1]
        assert len(upper) + len(lower) == 150
        assert not len(upper) or not len(lower) or upper.min() > lower.max() - 0.15
    grey = vary_clouds(clouds, 150, PointAugmentationSettings(grey=1), generator)
    assert (grey[..., 3:] == 0.4).all()
    still = vary_clouds(points, 200, STILL, generator)
    assert still.shape == (6, 200, 3)
    torch.testing.assert_close(still.norm(dim=-1).amax(1), torch.ones(6))
