"""Where objects come from: one module per format, chosen by the `kind` of its settings."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from crossmost.shards import code_fingerprint
from crossmost.sources.base import RawObject, Source, SourceDescription
from crossmost.sources.co3d import Co3dSettings
from crossmost.sources.folder import FolderSettings
from crossmost.sources.modelnet import ModelNetSettings
from crossmost.sources.openshape import OpenShapeSettings
from crossmost.sources.redwood import RedwoodSettings
from crossmost.sources.samples import make_object_sample, read_signature
from crossmost.sources.scanobjectnn import ScanObjectNNSettings
from crossmost.sources.shapenet import ShapeNetSettings
from crossmost.sources.shapes_source import ShapesSettings
from crossmost.sources.sweethome3d import ClassRule, SweetHome3DSettings

__all__ = [
    "ClassRule",
    "Co3dSettings",
    "FolderSettings",
    "ModelNetSettings",
    "OpenShapeSettings",
    "RawObject",
    "RedwoodSettings",
    "ScanObjectNNSettings",
    "ShapeNetSettings",
    "ShapesSettings",
    "Source",
    "SourceDescription",
    "SourceSettings",
    "SweetHome3DSettings",
    "make_object_sample",
    "open_source",
    "read_signature",
    "source_code_fingerprint",
]

SourceSettings = Annotated[
    Co3dSettings
    | FolderSettings
    | ModelNetSettings
    | OpenShapeSettings
    | RedwoodSettings
    | ScanObjectNNSettings
    | ShapeNetSettings
    | ShapesSettings
    | SweetHome3DSettings,
    Field(discriminator="kind"),
]


def open_source(settings: SourceDescription, folder: Path) -> Source:
    """The source that the settings describe.

    Args:
        settings: Of one of the kinds.
        folder: The raw folder; sources that need no raw data ignore it.

    Raises:
        MissingInputError: if the raw folder lacks what the source needs.
    """
    return settings.open(folder)


_COMMON_CODE = (
    "crossmost.near_duplicates",
    "crossmost.sources.frames",
    "crossmost.sources.glb",
    "crossmost.sources.pictures",
    "crossmost.sources.point_clouds",
    "crossmost.sources.samples",
)


def source_code_fingerprint(settings: SourceDescription) -> str:
    """Changes when the code changes that turns objects of this source into what is stored."""
    return code_fingerprint(*_COMMON_CODE, *settings.code)
