"""Where objects come from: one module per format, chosen by the `kind` of its settings."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from crossmost.shards import code_fingerprint
from crossmost.sources.base import RawObject, Source
from crossmost.sources.samples import make_object_sample, read_signature
from crossmost.sources.shapes_source import ShapesSource
from crossmost.sources.sweethome3d import ClassRules, SweetHome3DSource

__all__ = [
    "ClassRule",
    "RawObject",
    "ShapesSettings",
    "Source",
    "SourceSettings",
    "SweetHome3DSettings",
    "make_object_sample",
    "open_source",
    "read_signature",
    "source_code_fingerprint",
]


class ClassRule(BaseModel):
    """Which catalog names belong to a class."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Name of the class, in words for prompts (no underscores).")
    pattern: str = Field(
        min_length=1, description="Regular expression searched in the lower-case English name; first rule wins."
    )


class SweetHome3DSettings(BaseModel):
    """Furniture libraries of Sweet Home 3D, `*.sh3f` files in the raw folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sweethome3d"] = Field(description="Names this kind of source.")
    exclude: str = Field(default="", description="Regular expression; names that match belong to no class.")
    classes: tuple[ClassRule, ...] = Field(min_length=2, description="Rules in logit order.")


class ShapesSettings(BaseModel):
    """The procedural generator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["shapes"] = Field(description="Names this kind of source.")
    objects_per_class: int = Field(default=40, ge=1, description="Objects of each class.")
    first_seed: int = Field(
        default=1_000_000, ge=0, description="Seed of the first shape; others than those of pre-training."
    )
    classes: tuple[str, ...] | None = Field(
        default=None, description="Classes of the generator in logit order; null takes all."
    )


SourceSettings = Annotated[SweetHome3DSettings | ShapesSettings, Field(discriminator="kind")]


def open_source(settings: SweetHome3DSettings | ShapesSettings, folder: Path) -> Source:
    """The source that the settings describe.

    Args:
        settings: Of one of the kinds.
        folder: The raw folder; sources that need no raw data ignore it.

    Raises:
        MissingInputError: if the raw folder lacks what the source needs.
    """
    if isinstance(settings, SweetHome3DSettings):
        rules = ClassRules(settings.exclude, tuple((rule.name, rule.pattern) for rule in settings.classes))
        return SweetHome3DSource(folder, rules)
    return ShapesSource(settings.objects_per_class, settings.first_seed, settings.classes)


_COMMON_CODE = (
    "crossmost.near_duplicates",
    "crossmost.sources.frames",
    "crossmost.sources.glb",
    "crossmost.sources.pictures",
    "crossmost.sources.point_clouds",
    "crossmost.sources.samples",
)
_CODE = {
    "sweethome3d": (
        "crossmost.sources.sweethome3d",
        "crossmost.sources.archive_assets",
        "crossmost.sources.properties",
    ),
    "shapes": ("crossmost.sources.shapes_source", "crossmost.sources.shapes"),
}


def source_code_fingerprint(settings: SweetHome3DSettings | ShapesSettings) -> str:
    """Changes when the code changes that turns objects of this source into stored meshes."""
    return code_fingerprint(*_COMMON_CODE, *_CODE[settings.kind])
