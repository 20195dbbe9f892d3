"""Encoders, text classifier, joint model and their checkpoints."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from crossmost.collection import Collection
from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.joint import JointModel
from crossmost.models.joint_checkpoint import joint_card, load_fusion, load_joint, save_joint, with_fusion
from crossmost.models.joint_prediction import fit_fusion, joint_prediction
from crossmost.models.scoring import check_cloud_size, fusion_from_scores, score_collection
from crossmost.models.text_classifier import text_classifier

CLASSES = ["chair", "table", "street lamp"]


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    torch.manual_seed(0)
    return Encoders(mini_config()).eval()


def test_all_three_modalities_share_a_unit_sphere(encoders: Encoders) -> None:
    with torch.no_grad():
        embeddings = [
            encoders.encode_image(torch.rand(2, 3, 64, 64)),
            encoders.encode_point(torch.rand(2, 100, 3)),
            encoders.encode_text(["a chair", "a table"]),
        ]
    for embedding in embeddings:
        assert embedding.shape == (2, 192)
        torch.testing.assert_close(embedding.norm(dim=-1), torch.ones(2))


def test_checkpoint_is_small_and_rebuilds_the_towers(encoders: Encoders) -> None:
    checkpoint = encoders.checkpoint({"license": "Apache-2.0"})
    assert sum(tensor.nbytes for tensor in checkpoint.tensors.values()) < 25e6
    images, clouds = torch.rand(2, 3, 64, 64), torch.rand(2, 100, 3)
    rebuilt = Encoders.from_checkpoint(checkpoint).eval()
    with torch.no_grad():
        torch.testing.assert_close(rebuilt.encode_image(images), encoders.encode_image(images), atol=1e-3, rtol=0)
        torch.testing.assert_close(rebuilt.encode_point(clouds), encoders.encode_point(clouds), atol=1e-3, rtol=0)


def test_wrong_checkpoints_are_refused(encoders: Encoders) -> None:
    checkpoint = encoders.checkpoint({})
    with pytest.raises(CrossmostError, match="format"):
        Encoders.from_checkpoint(Checkpoint(checkpoint.tensors, checkpoint.card | {"format": "other"}))
    fewer = dict(list(checkpoint.tensors.items())[1:])
    with pytest.raises(CrossmostError, match="do not fit"):
        Encoders.from_checkpoint(Checkpoint(fewer, checkpoint.card))


def test_classifier_is_the_normalized_mean_of_prompts(encoders: Encoders) -> None:
    templates = ["a {}.", "a photo of a {}."]
    classifier = text_classifier(encoders, ["chair", "street_lamp"], templates)
    assert text_classifier(encoders, ["chair"], ["a {} {x}, {}"]).shape == (encoders.embed_dim, 1)
    with torch.no_grad():
        prompts = encoders.encode_text(["a street lamp.", "a photo of a street lamp."])
    torch.testing.assert_close(classifier[:, 1], torch.nn.functional.normalize(prompts.mean(0), dim=0))


@pytest.mark.parametrize(
    ("names", "templates", "message"),
    [([], ["{}"], "non-empty"), (["a", "a"], ["{}"], "unique"), (["a"], ["a photo"], "'{}'")],
)
def test_bad_class_lists_and_templates_are_named(
    encoders: Encoders, names: list[str], templates: list[str], message: str
) -> None:
    with pytest.raises(CrossmostError, match=message):
        text_classifier(encoders, names, templates)


def test_joint_model_survives_its_checkpoint_and_scores_alike(encoders: Encoders) -> None:
    model = JointModel(encoders, text_classifier(encoders, CLASSES, ["{}"]))
    card = joint_card(encoders.card({}), CLASSES, method="zeroshot")
    loaded = load_joint(save_joint(model, card))
    rng = np.random.default_rng(0)
    objects = Collection(
        ("b", "a"),
        rng.integers(0, 255, (2, 3, 80, 80, 3), dtype=np.uint8),
        rng.normal(size=(2, 300, 3)).astype(np.float32),
    )
    scored = [
        score_collection(
            m, objects, {"a": "adapt", "b": "test"}, method="zeroshot", image_mean=(0.5,) * 3, image_std=(0.2,) * 3,
            n_points=200, batch_size=size,
        )
        for m, size in ((model, 2), (loaded, 1))
    ]  # fmt: skip
    np.testing.assert_allclose(scored[0].scores.probabilities, scored[1].scores.probabilities, atol=1e-5)
    scores, embeddings = scored[0]
    assert (embeddings.method, embeddings.object_ids) == ("zeroshot", ("b", "a"))
    assert embeddings.values.shape == (2, 4, 192)
    alone, without = score_collection(
        model, objects, {"a": "adapt", "b": "test"}, method="zeroshot", image_mean=(0.5,) * 3, image_std=(0.2,) * 3,
        n_points=200, batch_size=2, keep_embeddings=False,
    )  # fmt: skip
    assert without.object_ids == () and without.values.shape == (0, 4, 192)
    np.testing.assert_array_equal(alone.probabilities, scores.probabilities)
    vectors = torch.from_numpy(embeddings.values).flatten(0, 1).float()
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(8), atol=1e-3, rtol=0)
    read_out = model.logits(vectors).softmax(-1).detach().numpy()
    views_and_points = np.concatenate([scores.single, scores.point[:, None]], axis=1)  # as embeddings lie
    np.testing.assert_allclose(views_and_points, read_out.reshape(2, 4, len(CLASSES)), atol=5e-3)
    assert (scores.method, scores.object_ids, scores.splits) == ("zeroshot", ("b", "a"), ("test", "adapt"))
    assert (scores.probabilities.shape, scores.probabilities.dtype) == ((2, 3 + 3, len(CLASSES)), np.float32)
    image, point = (torch.from_numpy(scores.of(view)[[1]]) for view in ("image", "point"))
    joint = joint_prediction(image, point, fit_fusion(image, point))  # "a" is all there is to adapt to
    np.testing.assert_allclose(scores.joint[1], joint[0], atol=1e-5)
    fusion = fusion_from_scores(scores)
    for stored, learned in zip(fusion, fit_fusion(image, point), strict=True):
        torch.testing.assert_close(stored, learned)
    read = load_fusion(Checkpoint(with_fusion(save_joint(model, card).tensors, fusion), card))
    assert read is not None and all(map(torch.equal, read, fusion))
    assert load_fusion(save_joint(model, card)) is None
    np.testing.assert_allclose(scores.image, scores.single.mean(axis=1), atol=1e-6)
    with pytest.raises(CrossmostError, match="format"):
        load_joint(encoders.checkpoint({}))


def test_large_scores_and_embeddings_are_made_in_a_file(encoders: Encoders, monkeypatch: pytest.MonkeyPatch) -> None:
    model = JointModel(encoders, text_classifier(encoders, CLASSES, ["{}"]))
    rng = np.random.default_rng(0)
    views = rng.integers(0, 255, (5, 2, 64, 64, 3), dtype=np.uint8)
    objects = Collection(tuple("abcde"), views, rng.normal(size=(5, 100, 3)).astype(np.float32))

    def arrays() -> tuple[np.ndarray, np.ndarray]:
        scored = score_collection(
            model, objects, dict.fromkeys("abcde", "adapt"), method="zeroshot", image_mean=(0.5,) * 3,
            image_std=(0.2,) * 3, n_points=100, batch_size=2,
        )  # fmt: skip
        return scored.scores.probabilities, scored.embeddings.values

    in_memory = arrays()
    monkeypatch.setattr("crossmost.large_arrays.IN_MEMORY", 100)
    for of_file, of_memory in zip(arrays(), in_memory, strict=True):
        assert isinstance(of_file, np.memmap) and not isinstance(of_memory, np.memmap)
        np.testing.assert_array_equal(of_file, of_memory)


def test_colors_are_scored_by_towers_that_use_them_alone() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    views = rng.integers(0, 255, (2, 1, 64, 64, 3), dtype=np.uint8)
    clouds = rng.normal(size=(2, 100, 3)).astype(np.float32)
    colors = rng.integers(0, 255, (2, 100, 3), dtype=np.uint8)
    plain, colored = Collection(("a", "b"), views, clouds), Collection(("a", "b"), views, clouds, colors)
    for channels in (3, 6):
        config = replace(mini_config(), point_tower=replace(mini_config().point_tower, in_channels=channels))
        model = JointModel(Encoders(config), torch.randn(192, 3))
        plainly, with_colors = (
            score_collection(
                model, objects, {"a": "test", "b": "test"}, method="zeroshot", image_mean=(0.5,) * 3,
                image_std=(0.2,) * 3, n_points=100, batch_size=2,
            )
            for objects in (plain, colored)
        )  # fmt: skip
        changed = not np.allclose(plainly.scores.point[0], with_colors.scores.point[0])
        assert changed == (channels == 6)
        np.testing.assert_allclose(plainly.scores.image[0], with_colors.scores.image[0])
        of_a = [scored.embeddings.points[0] for scored in (plainly, with_colors)]
        assert np.allclose(*of_a) == (channels == 3)


def test_small_clouds_are_refused_or_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    tower = mini_config().point_tower
    with pytest.raises(CrossmostError, match=r"clouds have 50 points, but the point tower makes 64 groups"):
        check_cloud_size(tower, 50, None)
    with pytest.raises(CrossmostError, match=r"makes 8 groups of 64 points; .* to at least 64"):
        check_cloud_size(replace(tower, n_groups=8, group_size=64), 50, None)
    check_cloud_size(tower, 1024, 1024)
    check_cloud_size(tower, 1024, 2048)
    assert not caplog.records
    check_cloud_size(tower, 1024, 8192)
    assert "trained on clouds of 8192 points, these have 1024" in caplog.text


def test_a_joint_model_starts_as_its_encoders_and_leaves_the_classifier_it_was_given(encoders: Encoders) -> None:
    given = torch.randn(192, 3)
    model = JointModel(encoders, given)
    width = encoders.point_tower.config.width  # a cloud's feature: the class token, then the largest of group tokens
    assert torch.equal(model.point_token_projection, encoders.point_projection[width:])
    before = given.clone()
    with torch.no_grad():
        model.classifier.add_(1)
    assert torch.equal(given, before)


def test_masked_losses_look_at_hidden_parts_only(encoders: Encoders) -> None:
    model = JointModel(encoders, torch.randn(192, 3)).eval()
    images = torch.rand(1, 3, 64, 64)
    mask = torch.zeros(1, 64, dtype=torch.bool)
    mask[0, 9] = True  # patch in row 1, column 1: pixels 8…15
    with torch.no_grad():
        reference = model.masked_image(images, mask)
        rebuilt = model.image_tower.reconstruct(model.image_tower(images, mask).tokens)
        expected = (rebuilt - images)[0, :, 8:16, 8:16].abs().mean()
        hidden_changed = images.clone()
        hidden_changed[0, :, 10:12, 10:12] += 1
    torch.testing.assert_close(reference.absolute_error / reference.hidden / reference.channels, expected)
    assert not torch.equal(model.masked_image(hidden_changed, mask).absolute_error, reference.absolute_error)
