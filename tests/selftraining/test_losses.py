"""Losses against slow literal references."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossmost.models.joint import token_alignment
from crossmost.selftraining.losses import fairness, symmetric_contrast, weighted_cross_entropy

seeds = st.integers(0, 2**31)


@given(seeds)
def test_weighted_cross_entropy_is_the_mean_over_kept_rows(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(8, 5, generator=generator)
    labels = torch.randint(5, (8,), generator=generator)
    keep = torch.rand(8, generator=generator) < 0.5
    kept = [i for i in range(8) if keep[i]]
    rows = [-math.log(logits[i].softmax(0)[labels[i]].item()) for i in kept]
    expected = sum(rows) / len(rows) if rows else 0.0
    assert weighted_cross_entropy(logits, labels, keep).item() == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_weighted_rows_count_by_their_weight_and_as_one_row_each() -> None:
    logits, labels = torch.tensor([[2.0, 0.0], [0.0, 1.0], [5.0, 0.0]]), torch.tensor([0, 0, 1])
    first, second = (-logits[row].log_softmax(-1)[0].item() for row in (0, 1))
    found = weighted_cross_entropy(logits, labels, torch.tensor([0.5, 1.0, 0.0]))
    assert found.item() == pytest.approx((0.5 * first + second) / 2)


def test_nothing_kept_gives_zero_loss_and_zero_gradient() -> None:
    logits = torch.randn(4, 3, requires_grad=True)
    loss = weighted_cross_entropy(logits, torch.zeros(4, dtype=torch.long), torch.zeros(4, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None and bool((logits.grad == 0).all())


def test_fairness_is_least_for_balanced_predictions() -> None:
    balanced = 50 * torch.eye(4)
    one_sided = 50 * torch.eye(4)[torch.zeros(4, dtype=torch.long)]
    assert fairness(balanced).item() == pytest.approx(math.log(4), rel=1e-5)
    assert fairness(one_sided).item() > fairness(balanced).item() + 1


def test_a_class_that_nobody_names_leaves_fairness_finite() -> None:
    logits = torch.tensor([[200.0, 0.0, 0.0]] * 2, requires_grad=True)
    loss = fairness(logits)
    loss.backward()
    assert logits.grad is not None and bool(torch.isfinite(loss)) and bool(torch.isfinite(logits.grad).all())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_losses_are_single_precision_or_the_double_one_of_the_model(dtype: torch.dtype) -> None:
    logits = torch.randn(4, 4, generator=torch.Generator().manual_seed(0)).to(dtype)
    labels, weights = torch.tensor([0, 1, 2, 3]), torch.ones(4)
    for exact, loss in (
        (weighted_cross_entropy(logits.double(), labels, weights), weighted_cross_entropy(logits, labels, weights)),
        (fairness(logits.double()), fairness(logits)),
        (symmetric_contrast(logits.double(), None, 0.07), symmetric_contrast(logits, None, 0.07)),
    ):
        assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        assert loss.item() == pytest.approx(exact.item(), rel=1e-5)


def test_fairness_is_least_at_the_expected_frequencies() -> None:
    prior = torch.tensor([0.7, 0.2, 0.1])
    as_expected = 50 * torch.eye(3)[torch.tensor([0] * 7 + [1] * 2 + [2])]
    entropy = -(prior * prior.log()).sum().item()
    assert fairness(as_expected, prior).item() == pytest.approx(entropy, rel=1e-4)
    assert fairness(50 * torch.eye(3), prior).item() > entropy + 0.1
    uniform = torch.full((3,), 1 / 3)
    logits = torch.randn(9, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fairness(logits, uniform), fairness(logits))


@given(seeds, st.booleans())
def test_contrast_against_literal_sum(seed: int, with_labels: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    image, point = (torch.nn.functional.normalize(torch.randn(6, 4, generator=generator), dim=-1) for _ in range(2))
    labels = torch.randint(4, (2, 6), generator=generator) if with_labels else None
    expected = 0.0
    for left, right in ((image, point), (point, image)):
        for i in range(6):
            others = [j for j in range(6) if j == i or labels is None or bool((labels[:, i] != labels[:, j]).all())]
            scores = [math.exp((left[i] @ right[j]).item() / 0.5) for j in others]
            expected -= math.log(math.exp((left[i] @ right[i]).item() / 0.5) / sum(scores)) / 6
    assert symmetric_contrast(image @ point.T, labels, 0.5).item() == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_token_alignment_counts_masked_tokens_only() -> None:
    embedding = torch.tensor([[1.0, 0.0]])
    tokens = torch.tensor([[[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0]]])  # squared distances 0, 2, 4
    mask = torch.tensor([[True, True, False]])
    assert token_alignment(tokens, torch.eye(2), embedding, mask).tolist() == pytest.approx([0.0, 2.0])
