"""The joint prediction pools both modalities by what images say about the points' classes."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from crossmost.models.joint_prediction import class_cooccurrence, pooled_prediction


def probabilities(seed: int, n: int, n_classes: int, sharpness: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.softmax(sharpness * torch.randn(n, n_classes, generator=generator, dtype=torch.float64), -1)


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(2, 8), st.floats(0, 50))
def test_it_is_a_distribution_and_no_scale_of_counts_matters(
    seed: int, n: int, n_classes: int, sharpness: float
) -> None:
    image, point = probabilities(seed, n, n_classes, sharpness), probabilities(seed + 1, n, n_classes, sharpness)
    counts = class_cooccurrence(image, point)
    torch.testing.assert_close(counts.sum(), torch.ones((), dtype=torch.float64))
    pooled = pooled_prediction(image, point, counts)
    assert pooled.isfinite().all()
    torch.testing.assert_close(pooled.sum(-1), torch.ones(n, dtype=torch.float64))
    torch.testing.assert_close(pooled, pooled_prediction(image, point, 7 * counts))


@given(st.integers(0, 10**6), st.permutations(range(5)))
def test_it_does_not_depend_on_the_order_of_classes(seed: int, order: list[int]) -> None:
    image, point = probabilities(seed, 6, 5, 3), probabilities(seed + 1, 6, 5, 3)
    counts = class_cooccurrence(image, point)
    moved = pooled_prediction(image[:, order], point[:, order], counts[order][:, order])
    torch.testing.assert_close(moved, pooled_prediction(image, point, counts)[:, order])


def test_points_that_are_as_good_as_noise_leave_the_images_decision_alone() -> None:
    image = probabilities(0, 400, 4, 2)
    point = torch.eye(4, dtype=torch.float64)[torch.randint(4, (400,), generator=torch.Generator().manual_seed(1))]
    pooled = pooled_prediction(image, point, class_cooccurrence(image, point))
    naive = image * point.clamp_min(1e-9)
    agrees = (pooled.argmax(-1) == image.argmax(-1)).double().mean()
    assert agrees > 0.75 > 0.5 > (naive.argmax(-1) == image.argmax(-1)).double().mean()


def test_points_that_always_mean_another_class_are_read_as_that_class() -> None:
    truth = torch.arange(300) % 3
    generator = torch.Generator().manual_seed(0)
    image = torch.softmax(1.5 * torch.eye(3)[truth] + torch.randn(300, 3, generator=generator), -1)
    point = 0.94 * torch.eye(3)[(truth + 1) % 3] + 0.02
    pooled = pooled_prediction(image, point, class_cooccurrence(image, point))

    def top1(prediction: torch.Tensor) -> float:
        return (prediction.argmax(-1) == truth).double().mean().item()

    assert top1(pooled) > top1(image) + 0.05
    assert top1(image + point) < 0.2


def test_weaker_evidence_lies_between_the_image_and_the_full_pool() -> None:
    image, point = probabilities(0, 20, 4, 2), probabilities(1, 20, 4, 2)
    counts = class_cooccurrence(image, point)
    torch.testing.assert_close(pooled_prediction(image, point, counts, evidence=0.0), image)
    half = pooled_prediction(image, point, counts, evidence=0.5)
    between = (image * pooled_prediction(image, point, counts)).sqrt()
    torch.testing.assert_close(half, between / between.sum(-1, keepdim=True))
