"""Settings to compare: every combination of the values of a grid."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from crossmost.errors import CrossmostError

Settings = TypeVar("Settings", bound=BaseModel)
Changes = dict[str, Any]
"""Dotted name of a setting → its value."""


def with_changes(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Settings with some replaced.

    Raises:
        CrossmostError: if a setting does not exist, or cannot have that value.
    """
    tree = settings.model_dump()
    for name, value in changes.items():
        *parents, last = name.split(".")
        branch: Any = tree
        for parent in parents:
            branch = branch.get(parent) if isinstance(branch, dict) else None
        if not isinstance(branch, dict) or last not in branch:
            raise CrossmostError(f"there is no setting {name!r}")
        branch[last] = value
    try:
        return type(settings).model_validate(tree)
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        raise CrossmostError(f"{dict(changes)} cannot be set: {reasons}") from error


def grid_changes(grid: Mapping[str, Sequence[Any]]) -> list[Changes]:
    """Every combination of the values, in the order in which they are given.

    Args:
        grid: dotted name of a setting → values to try.

    Raises:
        CrossmostError: if there is nothing to compare, or the grid names what every comparison sets itself.
    """
    if own := sorted({"seed", "snapshots"} & set(grid)):
        raise CrossmostError(f"a grid cannot hold {' and '.join(own)}: a comparison sets that itself (tuning.seeds)")
    changes = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    if len(changes) < 2:
        raise CrossmostError("a grid needs at least two combinations of values to compare")
    return changes
