"""Parameters of the evaluation pipeline."""

from pydantic import BaseModel, ConfigDict, Field


class EvaluationParameters(BaseModel):
    """How results are named in metrics.json; nothing here changes a prediction."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = Field(min_length=1, description="Name of the collection, as written to metrics.json.")
    seed: int = Field(ge=0, description="Seed of the run (split and training), as written to metrics.json.")
