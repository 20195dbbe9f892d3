"""Weights, balance and prototypes from running statistics of the teacher."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from crossmost.models.joint_prediction import class_frequencies, leaning_predictions, neutral_fusion
from crossmost.selftraining.label_memory import (
    LabelMemory,
    balanced,
    label_weights,
    near_prototypes,
    new_memory,
    remember_embeddings,
    remember_labels,
    remember_predictions,
)

CLASSIFIER = functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=0)


def predictions(seed: int, count: int = 32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (3 * torch.randn(2, count, 4, generator=generator)).softmax(-1)


def memory_after(targets: torch.Tensor) -> LabelMemory:
    memory = remember_predictions(new_memory(CLASSIFIER), targets, momentum=0.0)
    return remember_labels(memory, targets, targets.amax(-1), momentum=0.0)


def test_fixed_thresholds_are_per_modality() -> None:
    targets = torch.tensor([[[0.7, 0.3, 0, 0]], [[0.7, 0.3, 0, 0]]])
    weights = label_weights(targets, targets.amax(-1), (0.6, 0.8), "threshold", None)
    assert weights.tolist() == [[1.0], [0.0]]


def test_self_adaptive_threshold_is_lower_for_classes_that_are_rarely_given() -> None:
    often, rarely = [0.8, 0.2, 0.0, 0.0], [0.25, 0.75, 0.0, 0.0]
    targets = torch.tensor([[often] * 9 + [rarely]] * 2)
    memory = memory_after(targets)
    # Mean confidence 0.795; class 0 is the most frequent one, class 1 has a third of its probability.
    weights = label_weights(targets, targets.amax(-1), (0.99, 0.99), "self_adaptive", memory)
    assert weights.tolist() == [[1.0] * 10] * 2
    unsure = torch.tensor([[[0.7, 0.3, 0.0, 0.0], [0.3, 0.7, 0.0, 0.0]]] * 2)
    assert label_weights(unsure, unsure.amax(-1), (0, 0), "self_adaptive", memory).tolist() == [[0.0, 1.0]] * 2


@given(st.integers(0, 1000))
def test_soft_weights_fall_with_distance_below_the_mean(seed: int) -> None:
    targets = predictions(seed)
    memory, scores = memory_after(targets), targets.amax(-1)
    weights = label_weights(targets, scores, (0.5, 0.5), "soft", memory)
    assert bool(((weights > 0) & (weights <= 1)).all())
    for score, weight, mean in zip(scores, weights, memory.confidence, strict=True):
        assert bool((weight[score >= mean] == 1).all())
        order = score.argsort()
        assert bool((weight[order].diff() >= 0).all())


def test_running_means_are_those_of_the_labels_and_weights_follow_their_spread() -> None:
    memory = new_memory(CLASSIFIER)
    assert memory.confidence.tolist() == [0.25, 0.25] and memory.variance.tolist() == [1, 1]
    targets = torch.tensor([[[0.5, 0.5, 0, 0], [0.7, 0.3, 0, 0]]] * 2)
    memory = remember_labels(memory, targets, targets.amax(-1), momentum=0.75)
    torch.testing.assert_close(memory.confidence, torch.full((2,), 0.75 * 0.25 + 0.25 * 0.6))
    torch.testing.assert_close(memory.variance, torch.full((2,), 0.75 + 0.25 * 0.01))
    torch.testing.assert_close(memory.labeled[0], torch.tensor([0.3375, 0.2875, 0.1875, 0.1875]))
    known = memory._replace(confidence=torch.full((2,), 0.8), variance=torch.full((2,), 0.01))
    weights = label_weights(targets, targets.amax(-1), (0, 0), "soft", known)
    torch.testing.assert_close(weights, torch.tensor([[-4.5, -0.5]] * 2).exp())  # three and one standard deviations


def test_running_weights_without_statistics_are_an_error() -> None:
    targets = predictions(0)
    with pytest.raises(ValueError, match="running statistics"):
        label_weights(targets, targets.amax(-1), (0, 0), "soft", None)


@given(st.integers(0, 1000), st.booleans())
def test_balanced_predictions_have_nearly_the_expected_frequencies(seed: int, uneven: bool) -> None:
    both = predictions(seed, 256) * torch.tensor([3.0, 1.0, 1.0, 1.0])
    both = both / both.sum(-1, keepdim=True)
    wanted = torch.tensor([0.4, 0.3, 0.2, 0.1]) if uneven else torch.full((4,), 0.25)
    memory = remember_predictions(new_memory(CLASSIFIER), both, momentum=0.0)
    aligned = balanced(both, memory, wanted.expand(2, -1) if uneven else None)
    assert torch.allclose(aligned.sum(-1), torch.ones(2, 256))
    before, after = (both.mean(1) - wanted).abs().sum(-1), (aligned.mean(1) - wanted).abs().sum(-1)
    assert bool((after < before).all())


def test_prototypes_start_at_the_texts_and_move_to_the_embeddings_of_their_class() -> None:
    memory = new_memory(CLASSIFIER)
    assert torch.allclose(memory.prototypes[0], CLASSIFIER.T)
    place = functional.normalize(torch.ones(6), dim=0)
    embeddings = place.expand(2, 8, 6)
    targets = torch.eye(4)[torch.zeros(8, dtype=torch.long)].expand(2, 8, 4)
    for _ in range(200):
        memory = remember_embeddings(memory, embeddings, targets, torch.ones(2, 8), momentum=0.9)
    assert torch.allclose(memory.prototypes[0, 0], place, atol=1e-3)
    assert torch.allclose(memory.prototypes[:, 1:], CLASSIFIER.T[1:].expand(2, -1, -1), atol=1e-5)
    unsure = torch.full((2, 1, 4), 0.25)
    near = near_prototypes(unsure, place.expand(2, 1, 6), memory, weight=1.0)
    assert near.argmax(-1).tolist() == [[0], [0]]
    assert torch.equal(near_prototypes(unsure, place.expand(2, 1, 6), memory, weight=0.0), unsure)


def test_one_label_of_many_classes_does_not_throw_a_prototype_about() -> None:
    classifier = functional.normalize(torch.randn(6, 400, generator=torch.Generator().manual_seed(0)), dim=0)
    place = functional.normalize(torch.ones(6), dim=0)
    targets = torch.eye(400)[torch.zeros(4, dtype=torch.long)].expand(2, 4, 400)
    weights = torch.tensor([[1.0, 0, 0, 0]]).expand(2, 4)
    moved = remember_embeddings(new_memory(classifier), place.expand(2, 4, 6), targets, weights, momentum=0.9)
    expected = functional.normalize(0.9 * classifier.T[0] + 0.1 * place, dim=0)
    torch.testing.assert_close(moved.prototypes[0, 0], expected)


def test_objects_left_out_do_not_move_prototypes() -> None:
    memory = new_memory(CLASSIFIER)
    targets = predictions(1, 8)
    moved = remember_embeddings(memory, torch.ones(2, 8, 6), targets, torch.zeros(2, 8), momentum=0.9)
    assert torch.allclose(moved.prototypes, memory.prototypes, atol=1e-6)


def test_leaning_goes_from_the_joint_prediction_to_each_own_one() -> None:
    image, point = torch.tensor([[0.7, 0.3]]), torch.tensor([[0.1, 0.9]])
    fusion = neutral_fusion(2)
    together = leaning_predictions(image, point, fusion, 0.0)
    assert torch.equal(together[0], together[1])
    assert together[0].argmax(-1).item() == 1
    own = leaning_predictions(image, point, fusion, 1.0)
    # Squared: 0.7² to 0.3²; nothing has been seen that would make it mean another class.
    torch.testing.assert_close(own[0], torch.tensor([[0.49, 0.09]]) / 0.58)
    torch.testing.assert_close(own[1], torch.tensor([[0.01, 0.81]]) / 0.82)


def test_class_frequencies_are_equal_until_something_was_seen() -> None:
    fusion = neutral_fusion(4)
    assert class_frequencies(fusion).tolist() == [0.25] * 4
    seen = fusion._replace(cooccurrence=torch.diag_embed(torch.tensor([[3.0, 1, 0, 0], [3.0, 1, 0, 0]])))
    assert class_frequencies(seen).tolist() == [0.75, 0.25, 0, 0]
