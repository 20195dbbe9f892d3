"""Parameters of the rendering pipeline."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crossmost.geometry import CloudSettings, ScanSettings
from crossmost.rendering import CameraRig, DepthViewSettings, ViewsFrom

LEAST_VIEWS = 8  # fewer do not show an object from all around


class RenderingParameters(BaseModel):
    """How objects are pictured and scanned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0, description="Seed of viewpoints, surface points and noise.")
    n_jobs: int = Field(default=-1, ge=-1, description="Processes, one renderer each; -1 is one per core.")
    cluster: str | None = Field(
        default=None,
        description="Address of a Dask scheduler whose workers do this in place of local processes; null: none.",
    )
    views_from: ViewsFrom = Field(
        default="auto",
        description=(
            "auto: pictures that came with an object, else renders of its mesh, else depth views of its cloud; "
            "render: renders of every mesh, whatever pictures came with it; depth: depth views of every object."
        ),
    )
    views: CameraRig = Field(default=CameraRig(), description="Cameras around the object.")
    supersampling: int = Field(
        default=3,
        ge=1,
        le=4,
        description="Pictures are drawn this many times larger and averaged: smooth edges.",
    )
    depth_views: DepthViewSettings = Field(
        default=DepthViewSettings(), description="How points become pictures where views are depth views."
    )
    clouds: CloudSettings = Field(
        default=ScanSettings(),
        description="Sensor that captures the point cloud of a mesh; objects that are clouds keep their points.",
    )
    max_quarantine_share: float = Field(
        default=0.1, ge=0, le=1, description="Largest share of objects that may fail before the run does."
    )

    @field_validator("clouds", mode="before")
    @classmethod
    def _kind_alone(cls, value: object) -> object:
        """A bare ``cad`` or ``scan`` is that sensor with its defaults: environments are merged into the base key by
        key, so another kind given as a block would inherit the keys of the base's kind."""
        return {"kind": value} if isinstance(value, str) else value

    @field_validator("views")
    @classmethod
    def _all_around(cls, rig: CameraRig) -> CameraRig:
        if rig.n_views < LEAST_VIEWS:
            raise ValueError(f"n_views is {rig.n_views}; at least {LEAST_VIEWS} are needed to see an object all around")
        return rig
