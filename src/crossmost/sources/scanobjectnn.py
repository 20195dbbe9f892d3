"""ScanObjectNN (Uy et al., 2019): real scans in three degrees of difficulty, HDF5."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from crossmost.sources.base import PublishedSplit, RawObject, Source
from crossmost.sources.frames import Frame
from crossmost.sources.layouts import PublishedSettings, RowCloud, find_layout, missing_data, read_labels

CLASSES = (
    "bag", "bin", "box", "cabinet", "chair", "desk", "display", "door", "shelf", "table", "bed", "pillow", "sink",
    "sofa", "toilet",
)  # fmt: skip
"""In the order of the labels."""
Variant = Literal["obj_only", "obj_bg", "hardest"]
FILES: dict[Variant, dict[PublishedSplit, str]] = {
    "obj_only": {
        "adapt": "main_split_nobg/training_objectdataset.h5",
        "test": "main_split_nobg/test_objectdataset.h5",
    },
    "obj_bg": {
        "adapt": "main_split/training_objectdataset.h5",
        "test": "main_split/test_objectdataset.h5",
    },
    "hardest": {
        "adapt": "main_split/training_objectdataset_augmentedrot_scale75.h5",
        "test": "main_split/test_objectdataset_augmentedrot_scale75.h5",
    },
}
COUNTS: dict[Variant, tuple[int, int]] = {"obj_only": (2309, 581), "obj_bg": (2309, 581), "hardest": (11416, 2882)}
"""Published numbers of training and test objects."""


class ScanObjectNNSettings(PublishedSettings):
    """ScanObjectNN: OBJ_ONLY, OBJ_BG (with background) or PB_T50_RS (the hardest: cut off, turned, scaled)."""

    code: ClassVar = ("crossmost.sources.layouts", "crossmost.sources.scanobjectnn")

    kind: Literal["scanobjectnn"] = Field(description="Names this kind of source.")
    variant: Variant = Field(description="obj_only, obj_bg or hardest.")

    def open(self, folder: Path) -> Source:
        """The two HDF5 files of the variant."""
        return ScanObjectNNSource(folder, self.variant, self.frame(Frame("y")))


class ScanObjectNNSource:
    """One variant, main split.

    Args:
        folder: The raw folder; `main_split` may be there or in a sub-folder (h5_files).
        variant: Which.
        frame: Of the scans.

    Raises:
        MissingInputError: if a file is missing.
    """

    def __init__(self, folder: Path, variant: Variant, frame: Frame) -> None:
        self.variant = variant
        self.frame = frame
        root = find_layout(folder, lambda place: all((place / name).is_file() for name in FILES[variant].values()))
        if root is None:
            n_train, n_test = COUNTS[variant]
            raise missing_data(
                f"ScanObjectNN ({variant})",
                folder,
                f"{FILES[variant]['adapt']} ({n_train} objects) and {FILES[variant]['test']} ({n_test} objects), from "
                "h5_files.zip, which hkust-vgd.github.io/scanobjectnn gives after its terms are accepted",
            )
        self.root = root

    @property
    def class_names(self) -> tuple[str, ...]:
        """The fifteen classes in the order of the labels."""
        return CLASSES

    def objects(self) -> Iterator[RawObject]:
        """Training objects (to adapt to), then test objects, in the order of the rows."""
        for side, name in FILES[self.variant].items():
            path = self.root / name
            rows = read_labels(path, len(CLASSES))
            for row, label in enumerate(rows.labels):
                yield RowCloud(
                    object_id=f"{'train' if side == 'adapt' else 'test'}-{row:05d}",
                    source=f"scanobjectnn/{self.variant}",
                    sha256=rows.row_sha256(row),
                    class_name=CLASSES[label],
                    captions=(),
                    credit="",
                    path=path,
                    row=row,
                    frame=self.frame,
                    published_split=side,
                )
