"""Parameters of the pre-training pipeline."""

from pydantic import BaseModel, ConfigDict, Field

from crossmost.pretraining.settings import SourceSettings, TrainingSettings


class PretrainingParameters(BaseModel):
    """How the mini encoders are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_jobs: int = Field(ge=-1, description="Processes that make source objects; -1 is one per core.")
    source: SourceSettings
    templates: tuple[str, ...] = Field(min_length=1, description="Prompts of the class cross-entropy, with a {}.")
    training: TrainingSettings
