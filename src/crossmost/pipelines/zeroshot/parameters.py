"""Parameters of the zero-shot pipeline."""

from pydantic import BaseModel, ConfigDict, Field

from crossmost.models.checkpoints.settings import EncoderSettings
from crossmost.models.pose_check import PoseCheck
from crossmost.transduction.settings import TransductionSettings


class ZeroshotParameters(BaseModel):
    """How class names become a classifier and objects become scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoders: EncoderSettings = Field(default=EncoderSettings(), description="Which encoders to start from.")
    templates: tuple[str, ...] = Field(min_length=1, description="Prompts, each with a {} for the class name.")
    n_points: int = Field(gt=0, description="Points per cloud that enter the point tower.")
    batch_size: int = Field(gt=0, description="Objects scored at once.")
    pose_check: PoseCheck = Field(
        default="warn",
        description=(
            "What is done when clouds lie on their side or far points make objects small, which shows without labels. "
            "fix: the model turns them and leaves far points out, wherever it sees clouds."
        ),
    )
    transduction: TransductionSettings = Field(
        default=TransductionSettings(), description="The training-free baseline on the embeddings of this model."
    )
