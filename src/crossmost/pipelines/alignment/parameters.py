"""Parameters of the alignment pipeline."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crossmost.alignment.folder import FolderTriplets
from crossmost.alignment.listing import ListTriplets
from crossmost.alignment.published import OpenShapeTriplets, ShapeNetTriplets
from crossmost.alignment.settings import AlignmentTraining, TowersSettings
from crossmost.pipelines.rendering.parameters import RenderingParameters

TripletSettings = Annotated[
    FolderTriplets | ListTriplets | OpenShapeTriplets | ShapeNetTriplets, Field(discriminator="kind")
]


class AlignmentParameters(BaseModel):
    """Which triplets are learned from, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: TripletSettings = Field(description="Where objects, pictures and captions are.")
    rendering: RenderingParameters = Field(description="How they are pictured, where no pictures are, and sampled.")
    towers: TowersSettings
    templates: tuple[str, ...] = Field(
        default=("{}",), min_length=1, description="Prompts, each with a {} for a caption; embeddings are averaged."
    )
    training: AlignmentTraining
    embedding_batch_size: int = Field(default=64, gt=0, description="Pictures embedded at once.")
    objects_per_shard: int = Field(default=64, ge=1, le=256, description="Objects in one tar of the stores.")
    n_jobs: int = Field(default=-1, ge=-1, description="Processes that read objects; -1 is one per core.")
    max_quarantine_share: float = Field(
        default=0.1, ge=0, le=1, description="Largest share of triplets that may be unusable before the run fails."
    )

    @field_validator("templates")
    @classmethod
    def _has_a_place(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if bad := [template for template in value if "{}" not in template]:
            raise ValueError(f"prompts need a '{{}}' where the caption goes, got {bad}")
        return value
