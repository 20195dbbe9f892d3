"""Parameters of the tuning pipeline."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class TuningParameters(BaseModel):
    """Which settings are compared, and by what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grid: dict[str, tuple[Any, ...]] = Field(
        min_length=1,
        description="Values to try of settings under selftraining.crossmost, by dotted name; all combinations are run.",
    )
    criterion: Literal["confirmation", "agreement", "information", "confidence"] = Field(
        description="What is largest for the best run; docs/results.md says how well each ranks runs."
    )
    seeds: tuple[int, ...] = Field(min_length=1, description="Runs of every combination; criteria are averaged.")
    scratch: Path = Field(description="Folder in which finished runs are kept; what is there is not run again.")
