"""Parameters of the prediction pipeline."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crossmost.sources.base import GivenPath
from crossmost.sources.frames import Axis, fitting_axes
from crossmost.sources.picture_files import ObjectsAre


class PredictionParameters(BaseModel):
    """Which objects are classified, and how they are shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: GivenPath | None = Field(
        default=None, description="Folder of meshes and clouds, read with its sub-folders; must be given."
    )
    up: Axis = Field(
        default="y",
        description=(
            "The axis that points up in the files, said as it was for the objects that the model was adapted to: if it "
            "turned those (zeroshot.pose_check), it turns these."
        ),
    )
    front: Axis | None = Field(
        default=None, description="The axis that fronts face in the files; null: the usual one for that up axis."
    )
    pictures: GivenPath | None = Field(
        default=None,
        description="Folder of pictures to classify with picture_prediction, read with its sub-folders; must be given.",
    )
    picture_objects: ObjectsAre = Field(
        default="files",
        description=(
            "files: each picture shows an object of its own; folders: those of a sub-folder are views of one object, "
            "whose mean is taken."
        ),
    )
    gallery_objects: int = Field(default=300, ge=1, description="Objects on the gallery page at most.")
    objects_per_shard: int = Field(default=32, ge=1, le=256, description="Objects in one tar of the stores.")
    n_jobs: int = Field(
        default=-1,
        ge=-1,
        description="Processes that prepare objects, or threads that read pictures; -1 is one per core.",
    )

    _axes = model_validator(mode="after")(fitting_axes)
