import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmost.errors import CrossmostError
from crossmost.splits import fold_split, split_objects

collections = st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abcd")), min_size=1, max_size=120)
seeds = st.integers(0, 2**31)


@given(collections, seeds, st.floats(0.05, 0.95))
def test_a_group_is_never_on_both_sides(collection: list[tuple[int, str]], seed: int, share: float) -> None:
    groups = np.array([group for group, _ in collection])
    split = split_objects(groups, [name for _, name in collection], test_share=share, seed=seed)
    assert set(split) <= {"adapt", "test"}
    for group in set(groups):
        assert len(set(split[groups == group])) == 1


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=200), seeds)
def test_without_groups_every_class_gets_its_share(classes: list[str], seed: int) -> None:
    split = split_objects(np.arange(len(classes)), classes, test_share=0.3, seed=seed)
    names = np.array(classes)
    for name in set(classes):
        held_out, count = (split[names == name] == "test").sum(), (names == name).sum()
        assert abs(held_out - 0.3 * count) <= 1


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40), seeds, st.floats(0.01, 0.99))
def test_every_class_of_two_is_on_both_sides_whatever_the_share(classes: list[str], seed: int, share: float) -> None:
    names = np.array(classes)
    split = split_objects(np.arange(len(classes)), classes, test_share=share, seed=seed)
    for name in set(classes):
        if (names == name).sum() > 1:
            assert set(split[names == name]) == {"adapt", "test"}


@given(collections, seeds, st.floats(0.01, 0.99))
def test_no_class_takes_the_last_group_of_another(collection: list[tuple[int, str]], seed: int, share: float) -> None:
    """A class that stays on one side has one group, or groups that another class cannot spare."""
    groups, names = (np.array(column) for column in zip(*collection, strict=True))
    held_out = split_objects(groups, names.tolist(), test_share=share, seed=seed) == "test"
    for name in set(names):
        if held_out[names == name].any() == held_out[names == name].all():
            for group in set(groups[names == name]) if len(set(groups[names == name])) > 1 else ():
                moved = np.where(groups == group, ~held_out, held_out)
                assert any(
                    moved[names == other].any() == moved[names == other].all()
                    for other in set(names[groups == group]) - {name}
                )


def test_the_smallest_group_is_the_one_that_a_small_share_takes() -> None:
    split = split_objects([0] * 6 + [1] * 2 + [2] * 4, ["a"] * 12, test_share=0.01)
    assert (split == "test").nonzero()[0].tolist() == [6, 7]


def test_an_unlabeled_collection_of_two_is_shared() -> None:
    assert set(split_objects([0, 1], None, test_share=0.01)) == {"adapt", "test"}


@given(collections, seeds, st.integers(2, 5))
def test_over_all_folds_each_object_is_held_out_once(
    collection: list[tuple[int, str]], seed: int, n_folds: int
) -> None:
    groups = [group for group, _ in collection]
    classes = [name for _, name in collection]
    folds = [fold_split(groups, classes, fold=fold, n_folds=n_folds, seed=seed) for fold in range(n_folds)]
    assert ((np.array(folds) == "test").sum(axis=0) == 1).all()
    for split in folds:
        for group in set(groups):
            assert len(set(split[np.array(groups) == group])) == 1


@given(st.integers(1, 200), seeds)
def test_an_unlabeled_collection_is_split_at_random(count: int, seed: int) -> None:
    split = split_objects(np.arange(count), None, test_share=0.3, seed=seed)
    assert abs((split == "test").sum() - 0.3 * count) <= 1


def test_the_seed_decides() -> None:
    groups, classes = np.arange(100), list("ab" * 50)
    first = split_objects(groups, classes, seed=1)
    assert (first == split_objects(groups, classes, seed=1)).all()
    assert (first != split_objects(groups, classes, seed=2)).any()


def test_classes_of_one_object_each_are_shared_out_evenly() -> None:
    for seed in range(5):
        held_out = [
            fold_split(np.arange(12), list("abcdefghijkl"), fold=fold, n_folds=3, seed=seed) for fold in range(3)
        ]
        assert [(split == "test").sum() for split in held_out] == [4, 4, 4]


def test_an_object_that_any_fold_may_have_goes_to_one_by_chance() -> None:
    assert {str(fold_split([0], None, fold=0, n_folds=2, seed=seed)[0]) for seed in range(20)} == {"adapt", "test"}


def test_a_large_group_counts_with_all_its_objects() -> None:
    groups = [0] * 12 + list(range(1, 6))
    split = split_objects(groups, ["window"] * 17, test_share=0.3, seed=0)
    assert (split[:12] == "adapt").all() and (split[12:] == "test").all()


def test_nothing_is_split_into_nothing() -> None:
    assert len(split_objects([], [])) == 0


def test_impossible_requests_are_named() -> None:
    assert split_objects([0, 1, 1], ["a", "b", "b"], test_share=0).tolist() == ["adapt"] * 3
    with pytest.raises(CrossmostError, match="test_share is 1"):
        split_objects([0], ["a"], test_share=1)
    with pytest.raises(CrossmostError, match="n_folds is 1"):
        fold_split([0], ["a"], fold=0, n_folds=1)
    with pytest.raises(CrossmostError, match="allowed: 0 to 2"):
        fold_split([0], ["a"], fold=3, n_folds=3)
    with pytest.raises(CrossmostError, match="2 groups but 1 classes"):
        split_objects([0, 1], ["a"])
