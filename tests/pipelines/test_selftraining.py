"""What the nodes of self-training hand over."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from kedro.framework.session import KedroSession

from crossmost.collection import Collection
from crossmost.errors import CrossmostError
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.joint import JointModel
from crossmost.models.joint_checkpoint import joint_card, load_fusion, save_joint
from crossmost.pipelines.selftraining import nodes
from crossmost.pipelines.zeroshot import nodes as zeroshot
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from tests.small_scores import make_scores
from tests.test_collection import Item, store

SCORING = ZeroshotParameters(templates=("a {}.",), n_points=5, batch_size=2)


class Handed(Exception):
    """Ends the node where training would begin."""


@pytest.mark.parametrize("channels", [3, 6])
def test_colors_of_clouds_are_learned_from_by_towers_that_use_them(
    channels: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_session: Callable[..., KedroSession]
) -> None:
    seen: list[Collection] = []

    def stand_in(model: JointModel, data: Collection, *arguments: Any, **options: Any) -> None:
        seen.append(data)
        raise Handed

    monkeypatch.setattr(nodes, "self_train", stand_in)
    views = store(tmp_path / "views", [Item("a", 1, "views"), Item("b", 1, "views")])
    clouds = store(tmp_path / "clouds", [Item("a", 1, "clouds"), Item("b", 200, "colored")])
    objects = pd.DataFrame({"object_id": ["a", "b"], "split": ["test", "adapt"]})
    encoders = Encoders(replace(mini_config(), point_tower=replace(mini_config().point_tower, in_channels=channels)))
    start = save_joint(JointModel(encoders, torch.randn(192, 2)), joint_card(encoders.card({}), ["x", "y"]))
    scores = make_scores({"a": "adapt", "b": "adapt"}, [[0.7, 0.3]] * 2)
    few = {"crossmost": {"n_points": 5}}
    parameters = new_session("test", selftraining=few).load_context().params["selftraining"]
    with pytest.raises(Handed):
        nodes.adapt_jointly(start, scores, scores, views, clouds, objects, parameters, SCORING)
    assert seen[0].object_ids == ("b",)
    assert seen[0].clouds.shape == (1, 5, channels)
    np.testing.assert_allclose(seen[0].clouds[..., 3:], 200 / 255, rtol=1e-6)


@pytest.mark.parametrize("epochs", [0.0, 2.0])
def test_first_labels_come_from_the_transductive_scores_of_the_objects_to_adapt_to(
    epochs: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_session: Callable[..., KedroSession]
) -> None:
    handed: list[torch.Tensor | None] = []

    def stand_in(*arguments: Any, transductive: torch.Tensor | None, **options: Any) -> None:
        handed.append(transductive)
        raise Handed

    monkeypatch.setattr(nodes, "self_train", stand_in)
    views = store(tmp_path / "views", [Item(name, 1, "views") for name in "abc"])
    clouds = store(tmp_path / "clouds", [Item(name, 1, "clouds") for name in "abc"])
    objects = pd.DataFrame({"object_id": ["a", "b", "c"], "split": ["adapt", "test", "adapt"]})
    encoders = Encoders(mini_config())
    start = save_joint(JointModel(encoders, torch.randn(192, 2)), joint_card(encoders.card({}), ["x", "y"]))
    said = {("a", "image"): 0.1, ("a", "point"): 0.2, ("b", "image"): 0.3, ("b", "point"): 0.4}
    said |= {("c", "image"): 0.5, ("c", "point"): 0.6}
    of_view = {view: [[said[name, view], 1 - said[name, view]] for name in "cba"] for view in ("image", "point")}
    transductive = make_scores(dict.fromkeys("cba", "adapt"), of_view["image"], point=of_view["point"])
    zeroshot = make_scores(dict.fromkeys("cba", "adapt"), [[0.7, 0.3]] * 3)
    few = {"crossmost": {"n_points": 5}}
    parameters = new_session("test", selftraining=few).load_context().params["selftraining"]
    labels = parameters.crossmost.pseudo_labels.model_copy(update={"transductive_epochs": epochs})
    crossmost = parameters.crossmost.model_copy(update={"pseudo_labels": labels})
    changed = parameters.model_copy(update={"crossmost": crossmost})
    with pytest.raises(Handed):
        nodes.adapt_jointly(
            start,
            zeroshot,
            transductive,
            views,
            clouds,
            objects,
            changed,
            SCORING,
        )
    with pytest.raises(Handed):
        nodes.adapt_separately(start, zeroshot, transductive, views, clouds, objects, changed, SCORING)
    for given in handed:
        if epochs == 0:
            assert given is None
        else:
            assert given is not None, "the baseline shares this setting"
            torch.testing.assert_close(given[..., 0], torch.tensor([[0.1, 0.2], [0.5, 0.6]]))


def test_the_baseline_shares_every_label_setting_that_it_does_not_name(
    new_session: Callable[..., KedroSession],
) -> None:
    changes = {"weighting": "soft", "targets": "soft", "balance": True, "rule": "joint", "threshold_image": 0.3}
    given = {"crossmost": {"pseudo_labels": changes, "epochs": 7}}
    parameters = new_session("test", selftraining=given).load_context().params["selftraining"]
    labels = parameters.separate_settings().pseudo_labels
    assert (labels.weighting, labels.targets, labels.balance) == ("soft", "soft", True)
    assert (labels.rule, labels.threshold_image) == ("separate", parameters.separate.pseudo_labels.threshold_image)
    assert parameters.separate_settings().epochs == 7 and parameters.separate_settings().loss_weights.cross == 0


def test_training_in_double_precision_ends_in_a_model_that_scores(
    tmp_path: Path, new_session: Callable[..., KedroSession]
) -> None:
    names = "abcd"
    views = store(tmp_path / "views", [Item(name, 1, "views") for name in names])
    clouds = store(tmp_path / "clouds", [Item(name, 200, "clouds") for name in names])
    objects = pd.DataFrame({"object_id": list(names), "split": "adapt"})
    tower = replace(mini_config().point_tower, n_groups=2, group_size=4)
    encoders = Encoders(replace(mini_config(), point_tower=tower))
    start = save_joint(
        JointModel(encoders, torch.randn(192, 2)), joint_card(encoders.card({}), ["x", "y"], method="zeroshot")
    )
    scores = make_scores(dict.fromkeys(names, "adapt"), [[0.7, 0.3]] * len(names))
    few = {"n_points": 5, "epochs": 1, "engine": {"precision": "64-true"}}
    session = new_session("test", selftraining={"crossmost": few, "scratch": str(tmp_path / "scratch")})
    parameters = session.load_context().params["selftraining"]
    model, *_ = nodes.adapt_jointly(start, scores, scores, views, clouds, objects, parameters, SCORING)
    assert load_fusion(model) is not None
    scored = nodes.score_crossmost(model, views, clouds, objects, SCORING)[0]
    assert set(scored.object_ids) == set(names)


def test_more_points_than_clouds_have_are_refused_by_name(
    tmp_path: Path, new_session: Callable[..., KedroSession]
) -> None:
    views, clouds = store(tmp_path / "views", [Item("a", 1, "views")]), store(tmp_path / "c", [Item("a", 1, "clouds")])
    objects, scores = pd.DataFrame({"object_id": ["a"], "split": ["adapt"]}), make_scores({"a": "adapt"}, [[0.5, 0.5]])
    encoders = Encoders(mini_config())
    start = save_joint(
        JointModel(encoders, torch.randn(192, 2)), joint_card(encoders.card({}), ["x", "y"], method="zeroshot")
    )
    parameters = new_session("test").load_context().params
    wanted = "n_points is 256, but clouds are stored with 5 points: raise rendering.clouds.n_points to at least 256"
    with pytest.raises(CrossmostError, match=f"^selftraining.crossmost.{wanted}"):
        nodes.adapt_jointly(start, scores, scores, views, clouds, objects, parameters["selftraining"], SCORING)
    for stage in (zeroshot.check_clouds, zeroshot.score_zeroshot):
        with pytest.raises(CrossmostError, match=f"^zeroshot.{wanted}"):
            stage(start, views, clouds, objects, parameters["zeroshot"])


@pytest.mark.parametrize(("backbone", "warned"), [("crossmost-mini", False), ("ViT-B-16", True)])
def test_towers_of_this_projects_size_may_learn_as_fast_wherever_they_come_from(
    backbone: str,
    warned: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    new_session: Callable[..., KedroSession],
) -> None:
    """A point tower that was aligned to the mini encoders has a family, too."""
    asked: list[bool] = []

    def stand_in(*arguments: Any, **options: Any) -> None:
        raise Handed

    monkeypatch.setattr(nodes, "self_train", stand_in)
    monkeypatch.setattr(nodes, "warn_of_learning_rate", lambda settings: asked.append(True))
    encoders = Encoders(mini_config())
    start = save_joint(
        JointModel(encoders, torch.randn(192, 2)), joint_card(encoders.card({"family": "x"}), ["x", "y"])
    )
    monkeypatch.setattr(nodes, "load_joint", lambda _: JointModel(encoders, torch.randn(192, 2)))
    start.card["encoders"]["backbone"] = backbone
    views = store(tmp_path / "views", [Item(name, 1, "views") for name in "ab"])
    clouds = store(tmp_path / "clouds", [Item(name, 1, "clouds") for name in "ab"])
    objects = pd.DataFrame({"object_id": ["a", "b"], "split": "adapt"})
    scores = make_scores(dict.fromkeys("ab", "adapt"), [[0.7, 0.3]] * 2)
    few = {"crossmost": {"n_points": 5}}
    parameters = new_session("test", selftraining=few).load_context().params["selftraining"]
    with pytest.raises(Handed):
        nodes.adapt_jointly(start, scores, scores, views, clouds, objects, parameters, SCORING)
    assert bool(asked) == warned
