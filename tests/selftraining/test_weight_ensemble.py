"""The result lies on the line between start and adapted weights, tower by tower."""

import torch

from crossmost.selftraining.settings import AdaptedShare
from crossmost.selftraining.weight_ensemble import weight_ensemble

NAMES = ("image_tower.visual.proj", "point_tower.pos", "point_projection", "point_token_projection", "classifier")


def test_each_tower_goes_its_own_share_of_the_way() -> None:
    start = {name: torch.zeros(2) for name in NAMES}
    adapted = {name: torch.ones(2) for name in NAMES}
    result = weight_ensemble(start, adapted, AdaptedShare(image=0.5, point=0.75, classifier=0.25))
    assert [result[name].tolist() for name in NAMES] == [[0.5] * 2, [0.75] * 2, [0.75] * 2, [0.75] * 2, [0.25] * 2]


def test_ends_of_the_line_are_exact_and_counters_those_of_the_adapted_model() -> None:
    start = {"image_tower.x": torch.rand(9), "image_tower.count": torch.tensor(1)}
    adapted = {"image_tower.x": torch.rand(9), "image_tower.count": torch.tensor(8)}
    whole = weight_ensemble(start, adapted, AdaptedShare())
    assert torch.equal(whole["image_tower.x"], adapted["image_tower.x"])
    none = weight_ensemble(start, adapted, AdaptedShare(image=0))
    assert torch.equal(none["image_tower.x"], start["image_tower.x"])
    assert none["image_tower.count"] == 8
