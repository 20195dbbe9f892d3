"""Ranges that parameters name: a smallest and a largest value to draw between."""

from typing import Annotated

from pydantic import AfterValidator

Range = tuple[float, float]


def _positive(value: Range) -> Range:
    if not 0 < value[0] <= value[1]:
        raise ValueError(f"must be (smallest, largest) and positive, got {value}")
    return value


def _share(value: Range) -> Range:
    if not 0 < value[0] <= value[1] <= 1:
        raise ValueError(f"must be (smallest, largest) above 0 and at most 1, got {value}")
    return value


def _share_of_some(value: Range) -> Range:
    if not 0 <= value[0] <= value[1] < 1:
        raise ValueError(f"must be (smallest, largest) from 0 to below 1, got {value}")
    return value


PositiveRange = Annotated[Range, AfterValidator(_positive)]
"""Factors."""
ShareRange = Annotated[Range, AfterValidator(_share)]
"""Shares that are kept: not nothing."""
PartRange = Annotated[Range, AfterValidator(_share_of_some)]
"""Shares that are taken away: not all."""
