"""Parameters of the tuning pipeline."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crossmost.tuning import CRITERIA


class TuningParameters(BaseModel):
    """Which settings are compared, and by what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grid: dict[str, tuple[Any, ...]] = Field(
        min_length=1,
        description="Values to try of settings under selftraining.crossmost, by dotted name; all combinations are run.",
    )
    criterion: str = Field(
        description=f"What is largest for the best run, of {', '.join(CRITERIA)}; docs/results.md says how each ranks."
    )
    seeds: tuple[int, ...] = Field(min_length=1, description="Runs of every combination; criteria are averaged.")
    scratch: Path = Field(description="Folder in which finished runs are kept; what is there is not run again.")

    @field_validator("criterion")
    @classmethod
    def _known(cls, criterion: str) -> str:
        if criterion not in CRITERIA:
            raise ValueError(f"{criterion!r} is none of {', '.join(CRITERIA)}")
        return criterion
