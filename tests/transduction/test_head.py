"""The transductive head: balance, neighbors, and objects that have no part in it."""

import pytest
import torch
from torch import Tensor

from crossmost.transduction import TransductionSettings, apply_head, fit_head

NOBODY = torch.tensor([-1])


def blobs() -> tuple[Tensor, Tensor]:
    """Embeddings (90, 3) of three equally frequent classes, and uncertain predictions that favor the first."""
    generator = torch.Generator().manual_seed(0)
    truth = torch.arange(90) % 3
    embeddings = torch.eye(3)[truth] + 0.1 * torch.randn(90, 3, generator=generator)
    logits = torch.eye(3)[truth] + 0.8 * torch.randn(90, 3, generator=generator) + torch.tensor([1.0, 0.0, 0.0])
    return embeddings, logits.softmax(-1)


def test_without_balance_and_affinity_predictions_stay() -> None:
    embeddings, probabilities = blobs()
    settings = TransductionSettings(balance=0, affinity=0)
    head = fit_head(embeddings, probabilities, settings)
    torch.testing.assert_close(head.assignments, probabilities)
    found = apply_head(head, embeddings, probabilities, torch.arange(90), settings)
    torch.testing.assert_close(found, probabilities)


@pytest.mark.parametrize("balance", [0.5, 0.8])
def test_offsets_are_where_a_relaxed_marginal_holds_them(balance: float) -> None:
    """They are −τ log(relative frequency), τ = balance / (1 − balance), with one object more in each class."""
    embeddings, probabilities = blobs()
    head = fit_head(embeddings, probabilities, TransductionSettings(balance=balance, affinity=0, rounds=500))
    share = (head.assignments.sum(0) + 1) / 93
    torch.testing.assert_close(head.offsets, -balance / (1 - balance) * (3 * share).log(), atol=1e-4, rtol=0)


def test_full_balance_makes_classes_equally_frequent() -> None:
    embeddings, probabilities = blobs()
    assert probabilities.mean(0)[0] > 0.45
    head = fit_head(embeddings, probabilities, TransductionSettings(balance=1, affinity=0, rounds=500))
    torch.testing.assert_close(head.assignments.mean(0), torch.full((3,), 1 / 3), atol=1e-4, rtol=0)


def test_neighbors_and_balance_make_predictions_right_more_often() -> None:
    embeddings, probabilities = blobs()
    truth = torch.arange(90) % 3
    before = (probabilities.argmax(-1) == truth).float().mean()
    head = fit_head(embeddings, probabilities, TransductionSettings(balance=0.5, affinity=1))
    balanced = fit_head(embeddings, probabilities, TransductionSettings(balance=0.5, affinity=0))
    after, without = ((found.assignments.argmax(-1) == truth).float().mean() for found in (head, balanced))
    assert before < without < after


def test_no_object_is_its_own_neighbor_and_others_have_no_part() -> None:
    embeddings, probabilities = blobs()
    settings = TransductionSettings(affinity=2, neighbors=2)
    head = fit_head(embeddings, probabilities, settings)
    at_once = apply_head(head, embeddings, probabilities, torch.arange(90), settings)
    torch.testing.assert_close(at_once, head.assignments, atol=1e-4, rtol=1e-4)
    alone = apply_head(head, embeddings[3:4], probabilities[3:4], torch.tensor([3]), settings)
    torch.testing.assert_close(alone, at_once[3:4])
    stranger = apply_head(head, embeddings[3:4], probabilities[3:4], NOBODY, settings)
    assert not torch.allclose(stranger, alone)  # as somebody else it is near to object 3


def test_one_object_has_no_neighbors() -> None:
    settings = TransductionSettings(balance=0)
    probabilities = torch.tensor([[0.7, 0.3]])
    head = fit_head(torch.ones(1, 4), probabilities, settings)
    torch.testing.assert_close(head.assignments, probabilities)
    stranger = apply_head(head, torch.ones(1, 4), probabilities, NOBODY, settings)
    torch.testing.assert_close(stranger, probabilities)  # alone with the center there is no direction


@pytest.mark.parametrize("n_objects", [1, 2, 5])
def test_fewer_objects_than_classes_say_little_about_class_frequencies(n_objects: int) -> None:
    settings, n_classes = TransductionSettings(), 16
    generator = torch.Generator().manual_seed(0)
    probabilities = (30 * torch.eye(n_classes)[torch.zeros(n_objects, dtype=torch.int64)]).softmax(-1)  # all of class 0
    head = fit_head(torch.randn(n_objects, 8, generator=generator), probabilities, settings)
    assert head.offsets[0] < 0 and head.assignments.argmax(-1).tolist() == [0] * n_objects
    absent = torch.tensor(1 + n_objects / n_classes).log()
    torch.testing.assert_close(head.offsets[1:], absent.expand(n_classes - 1), atol=1e-4, rtol=0)
    stranger = torch.full((1, n_classes), 0.2 / (n_classes - 1))
    stranger[0, 0] = 0.8
    found = apply_head(head, torch.randn(1, 8, generator=generator), stranger, NOBODY, settings)
    assert found.argmax() == 0 and found[0, 0] > 0.3


def test_a_class_that_is_seen_nowhere_gains_no_more_than_there_is_evidence() -> None:
    embeddings, probabilities = blobs()
    with_absent = torch.cat([probabilities, torch.full((90, 1), 1e-12)], dim=1)
    head = fit_head(embeddings, with_absent, TransductionSettings())
    assert 0 < head.offsets[3] <= torch.tensor(1 + 90 / 4).log() + 1e-4


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings, probabilities = blobs()
    settings = TransductionSettings()

    def both() -> list[Tensor]:
        head = fit_head(embeddings, probabilities, settings)
        held_out = apply_head(head, embeddings[:50].half(), probabilities[:50], NOBODY.expand(50), settings)
        return [head.assignments, apply_head(head, embeddings, probabilities, torch.arange(90), settings), held_out]

    at_once = both()
    monkeypatch.setattr("crossmost.transduction.head._COSINES_AT_ONCE", 90 * 7)  # seven rows, the last chunk six
    for whole, chunked in zip(at_once, both(), strict=True):
        torch.testing.assert_close(chunked, whole, atol=1e-5, rtol=1e-5)
