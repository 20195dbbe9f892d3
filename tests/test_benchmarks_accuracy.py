"""The accuracy benchmark adapts to what the self-training node would."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from benchmarks import accuracy
from crossmost.collection import Collection
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import Encoders, mini_config
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from tests.selftraining.small_run import default_settings
from tests.small_scores import make_scores


class Handed(Exception):
    """Ends the benchmark where training would begin."""


@pytest.mark.parametrize("channels", [3, 6])
def test_colors_are_learned_from_by_towers_that_use_them(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Collection] = []

    def stand_in(model: Any, data: Collection, *arguments: Any, **options: Any) -> None:
        seen.append(data)
        raise Handed

    monkeypatch.setattr(accuracy, "self_train", stand_in)
    encoders = Encoders(replace(mini_config(), point_tower=replace(mini_config().point_tower, in_channels=channels)))
    collection = Collection(
        ("a", "b"),
        np.zeros((2, 1, 8, 8, 3), dtype=np.uint8),
        np.zeros((2, 5, 3), dtype=np.float32),
        np.full((2, 5, 3), 51, dtype=np.uint8),
    )
    inputs = accuracy.Inputs(
        collection=collection,
        duplicate_group=[0, 1],
        class_name=["x", "y"],
        class_names=["x", "y"],
        encoders=Checkpoint(encoders.state_dict(), encoders.card({})),
        selftraining=cast(Any, None),
        zeroshot=ZeroshotParameters.model_validate({"templates": ["{}"], "n_points": 5, "batch_size": 2}),
    )
    scores = make_scores({"a": "adapt", "b": "adapt"}, [[0.7, 0.3]] * 2)
    with pytest.raises(Handed):
        accuracy.Run(inputs, {"a": "test", "b": "adapt"}, "crossmost").adapt(default_settings(), scores, scores)
    assert seen[0].object_ids == ("b",)
    assert seen[0].clouds.shape == (1, 5, channels)
    np.testing.assert_allclose(seen[0].clouds[..., 3:], 0.2, rtol=1e-6)
