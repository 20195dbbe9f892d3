"""Parameters of the reporting pipeline."""

from pydantic import BaseModel, ConfigDict, Field


class ReportingParameters(BaseModel):
    """How much the report shows; nothing here changes a result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(ge=0, description="Seed that draws the objects of the gallery and the contact sheets.")
    gallery_objects: int = Field(ge=0, le=50, description="Objects shown per group of the gallery.")
    gallery_views: int = Field(ge=1, le=12, description="Pictures shown of each gallery object.")
    cloud_points: int = Field(ge=1, le=10_000, description="Points shown of each gallery object's cloud.")
    sheet_objects: int = Field(ge=1, le=200, description="Objects on the contact sheet of a class.")
    command: str = Field(description="The command that makes this report, as printed in it.")
