"""Parameters of the ingestion pipeline."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crossmost.sources import SourceSettings


class SplitSettings(BaseModel):
    """Which objects are held out; a data set published with a split keeps it, unless folds are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0, description="Decides which objects are held out.")
    test_share: float = Field(
        default=0.3, ge=0, lt=1, description="Share of the objects to hold out, when there are no folds; 0: none."
    )
    n_folds: int | None = Field(
        default=None, ge=2, description="Cross-validation: number of folds; null holds out test_share instead."
    )
    fold: int = Field(default=0, ge=0, description="Cross-validation: the fold held out, from 0.")
    near_duplicate_threshold: float = Field(
        default=1.0,
        ge=0,
        le=2,
        description=(
            "Objects whose shapes are at most this far apart stay on one side of the split; the unit is the distance "
            "between two samples of the same surface. 0 keeps only equal geometry together."
        ),
    )

    @model_validator(mode="after")
    def _fold_exists(self) -> "SplitSettings":
        if self.fold >= (self.n_folds or 1):
            raise ValueError(f"fold is {self.fold} with n_folds {self.n_folds}; folds are numbered from 0")
        return self


class IngestionParameters(BaseModel):
    """What is read, and how it is split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(description="Which of `sources` to read.")
    sources: dict[str, SourceSettings] = Field(description="Settings of sources by name.")
    split: SplitSettings = Field(default=SplitSettings(), description="Adaptation and test objects.")
    max_quarantine_share: float = Field(
        default=0.1, ge=0, le=1, description="Largest share of objects that may be unreadable before the run fails."
    )
    objects_per_shard: int = Field(
        default=32, ge=1, le=256, description="Objects in one tar of the mesh store; a tar is the atom of work."
    )
    n_jobs: int = Field(default=-1, ge=-1, description="Processes; -1 is one per core.")
    cluster: str | None = Field(
        default=None,
        description="Address of a Dask scheduler whose workers do this in place of local processes; null: none.",
    )

    @model_validator(mode="after")
    def _source_exists(self) -> "IngestionParameters":
        if self.source not in self.sources:
            raise ValueError(f"source is {self.source!r}; allowed: {', '.join(self.sources)}")
        return self
