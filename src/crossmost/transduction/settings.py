"""Settings of the transductive head."""

from pydantic import BaseModel, ConfigDict, Field


class TransductionSettings(BaseModel):
    """How much unlabeled objects may change each other's zero-shot predictions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    balance: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Pull of class frequencies to equal ones: 0 is none, 1 makes them equal.",
    )
    affinity: float = Field(
        default=0.3, ge=0, description="Weight of the neighbors' assignments, in nats per neighbor of similarity 1."
    )
    neighbors: int = Field(default=3, ge=1, description="Most similar objects that an object listens to.")
    references: int = Field(
        default=5000,
        ge=1,
        description="Objects that the head is fitted on, drawn at random where there are more; the time grows with "
        "their number times that of all objects.",
    )
    rounds: int = Field(default=50, ge=1, description="Updates of assignments and class offsets, alternately.")
