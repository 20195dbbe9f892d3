"""Which objects are adapted to and which are held out: by seed, by class, near-duplicates never on both sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crossmost.errors import CrossmostError

ADAPT = "adapt"
TEST = "test"


def split_objects(
    groups: Sequence[int] | np.ndarray,
    classes: Sequence[str | None] | None,
    *,
    test_share: float = 0.3,
    seed: int = 0,
) -> np.ndarray:
    """Split by groups, each class as near to the share as its groups allow.

    Args:
        groups: (N,) group number of each object; a group stays on one side.
        classes: (N,) class of each object, or None for a collection without labels. A group of several classes counts
            for each of them.
        test_share: Share of the objects to hold out, in [0, 1).
        seed: Decides which.

    Returns:
        (N,) array of "adapt" and "test". Of a class with two or more groups both sides get one at least, unless that
        would be the last group of another class on its side. With a share of 0 all are "adapt".

    Raises:
        CrossmostError: if the share is not in [0, 1) or the lengths differ.
    """
    if not 0 <= test_share < 1:
        raise CrossmostError(f"test_share is {test_share}; allowed: from 0 to below 1")
    if test_share == 0:
        return np.full(len(groups), ADAPT)
    held_out = _assign(groups, classes, np.array([1 - test_share, test_share]), seed) == 1
    names = np.array([name or "" for name in classes] if classes is not None else [""] * len(held_out))
    return np.where(_with_every_class_on_both_sides(held_out, np.asarray(groups), names), TEST, ADAPT)


def fold_split(
    groups: Sequence[int] | np.ndarray,
    classes: Sequence[str | None] | None,
    *,
    fold: int,
    n_folds: int,
    seed: int = 0,
) -> np.ndarray:
    """Cross-validation: the objects of one fold are held out. Over all folds each object is held out exactly once.

    Args:
        groups: (N,) group number of each object; a group stays in one fold.
        classes: (N,) class of each object, or None.
        fold: Which fold is held out, 0 to n_folds − 1.
        n_folds: 2 or more.
        seed: Decides the folds.

    Returns:
        (N,) array of "adapt" and "test".

    Raises:
        CrossmostError: if `fold` or `n_folds` is out of range, or the lengths differ.
    """
    if n_folds < 2:
        raise CrossmostError(f"n_folds is {n_folds}; allowed: 2 or more")
    if not 0 <= fold < n_folds:
        raise CrossmostError(f"fold is {fold}; allowed: 0 to {n_folds - 1}")
    folds = _assign(groups, classes, np.full(n_folds, 1 / n_folds), seed)
    return np.where(folds == fold, TEST, ADAPT)


def _with_every_class_on_both_sides(held_out: np.ndarray, groups: np.ndarray, names: np.ndarray) -> np.ndarray:
    """(N,) bool: where a class lies on one side alone, the smallest of its groups that can be spared goes to the other.

    Small shares of small classes would round to nothing.
    """
    for name in np.unique(names):
        if _is_on_both_sides(held_out[names == name]):
            continue
        of_class, sizes = np.unique(groups[names == name], return_counts=True)
        for group in of_class[np.argsort(sizes, kind="stable")] if len(of_class) > 1 else ():
            moved = np.where(groups == group, ~held_out, held_out)
            others = [names == other for other in np.unique(names[groups == group])]
            if all(_is_on_both_sides(moved[rows]) or not _is_on_both_sides(held_out[rows]) for rows in others):
                held_out = moved
                break
    return held_out


def _is_on_both_sides(held_out: np.ndarray) -> bool:
    return bool(held_out.any() and not held_out.all())


def _assign(
    groups: Sequence[int] | np.ndarray, classes: Sequence[str | None] | None, shares: np.ndarray, seed: int
) -> np.ndarray:
    """(N,) part of each object: groups go, largest first, where their classes lack most.

    A part lacks what its share of a class exceeds what it has; ties go to the part that lacks most objects in all, then
    to chance.
    """
    groups = np.asarray(groups)
    count = len(groups)
    if classes is not None and len(classes) != count:
        raise CrossmostError(f"{count} groups but {len(classes)} classes; expected one class per object")
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    names = ["" if name is None else name for name in classes] if classes is not None else [""] * count
    _, class_of = np.unique(names, return_inverse=True)
    _, group_of = np.unique(groups, return_inverse=True)
    tally = np.zeros((group_of.max() + 1, class_of.max() + 1))  # (G, C) objects
    np.add.at(tally, (group_of, class_of), 1)
    lacking = shares[:, None] * tally.sum(axis=0)  # (P, C)
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(tally))
    order = shuffled[np.argsort(-tally[shuffled].sum(axis=1), kind="stable")]
    part_of_group = np.zeros(len(tally), dtype=np.int64)
    for group in order:
        need = (lacking * tally[group]).sum(axis=1) / tally[group].sum()  # (P,)
        best = np.flatnonzero(need >= need.max() - 1e-9)
        whole = lacking[best].sum(axis=1)
        best = best[whole >= whole.max() - 1e-9]
        part = int(rng.choice(best))
        part_of_group[group] = part
        lacking[part] -= tally[group]
    return part_of_group[group_of]
