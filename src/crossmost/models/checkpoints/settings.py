"""Which encoders a run starts from, as configuration says it."""

from pydantic import BaseModel, ConfigDict, Field


class EncoderSettings(BaseModel):
    """The encoders that zero-shot classification and self-training start from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str = Field(
        default="mini",
        min_length=1,
        description=(
            "Image and text towers: `mini` (the encoders of this project), `checkpoint` (those inside "
            "point_checkpoint), PRETRAINED/ARCHITECTURE of open_clip, e.g. openai/ViT-B-16, or hf-hub:OWNER/NAME."
        ),
    )
    backbone_file: str | None = Field(
        default=None,
        description="Local file with the backbone's weights; null downloads them when they are not cached.",
    )
    point_checkpoint: str | None = Field(
        default=None,
        description=(
            "Point tower: path of a public checkpoint, hf://OWNER/REPOSITORY/FILE, or the folder of encoders that the "
            "alignment pipeline made."
        ),
    )
