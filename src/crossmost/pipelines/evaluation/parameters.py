"""Parameters of the evaluation pipeline."""

from pydantic import BaseModel, ConfigDict, Field


class EvaluationParameters(BaseModel):
    """How results are named, which joint prediction is the answer, and what the embedding map shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = Field(min_length=1, description="Name of the collection, as written to metrics.json.")
    seed: int = Field(ge=0, description="Seed of the run (split and training), as written to metrics.json.")
    least_changed_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description=(
            "The answer for objects of both modalities is Cross-MoST's joint prediction if self-training changed at "
            "least this share of the joint labels of what it adapted to, and zero-shot's otherwise. 0 always takes "
            "Cross-MoST's."
        ),
    )
    embedded_objects: int = Field(
        default=1000, ge=2, description="Objects drawn at random for the embedding map; fewer if there are fewer."
    )
    embedded_views: int = Field(default=4, ge=1, description="Views of each whose embeddings are averaged.")
