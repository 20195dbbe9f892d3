"""Parameters of the rendering pipeline."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crossmost.geometry import CadSettings, ScanSettings, SensorSettings
from crossmost.rendering import CameraRig, DepthViewSettings, ViewsFrom

LEAST_VIEWS = 8  # fewer do not show an object from all around


class CloudParameters(BaseModel):
    """How meshes become clouds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["scan", "cad"] = Field(
        default="scan", description="scan: as a depth sensor sees it; cad: the whole, clean surface."
    )
    n_points: int = Field(default=2048, ge=16, description="Points of a cloud, of either kind.")
    # A block of its own: environments and the command line change the kind or the number of points alone.
    scan: SensorSettings = Field(default=SensorSettings(), description="The sensor of kind `scan`.")

    def settings(self) -> ScanSettings | CadSettings:
        """All that the clouds depend on: those of a surface do not depend on the sensor."""
        if self.kind == "cad":
            return CadSettings(n_points=self.n_points)
        return ScanSettings(n_points=self.n_points, **self.scan.model_dump())


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
    clouds: CloudParameters = Field(
        default=CloudParameters(), description="The cloud of a mesh; objects that are clouds keep their points."
    )
    max_quarantine_share: float = Field(
        default=0.1, ge=0, le=1, description="Largest share of objects that may fail before the run does."
    )

    @field_validator("views")
    @classmethod
    def _all_around(cls, rig: CameraRig) -> CameraRig:
        if rig.n_views < LEAST_VIEWS:
            raise ValueError(f"n_views is {rig.n_views}; at least {LEAST_VIEWS} are needed to see an object all around")
        return rig
