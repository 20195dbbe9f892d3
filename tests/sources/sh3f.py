"""Tiny furniture libraries in the exact layout of Sweet Home 3D, for tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

BOX_OBJ = """\
mtllib box.mtl
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
v 0 0 1
v 1 0 1
v 1 1 1
v 0 1 1
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl paint
f 1 4 3 2
f 1 2 6 5
f 2 3 7 6
f 4 8 7 3
f 1 5 8 4
usemtl front
f 5/1 6/2 7/3 8/4
"""

BOX_MTL = """\
newmtl paint
Kd 1.0 0.5 0.0
d 1.0
newmtl front
Kd 0.2 0.2 0.2
map_Kd front.png
"""


def png(color: tuple[int, ...] = (0, 0, 255), size: tuple[int, int] = (8, 8)) -> bytes:
    """A plain picture, RGB or RGBA."""
    buffer = io.BytesIO()
    Image.new("RGB" if len(color) == 3 else "RGBA", size, color).save(buffer, "PNG")
    return buffer.getvalue()


BOX_FILES: Mapping[str, bytes] = {
    "maker/box/box.obj": BOX_OBJ.encode(),
    "maker/box/box.mtl": BOX_MTL.encode(),
    "maker/box/front.png": png(),
}

BOX_ENTRY: Mapping[str, str] = {
    "id": "Maker#box",
    "name": "Kitchen cabinet",
    "tags": "Storage, Box",
    "category": "Kitchen",
    "icon": "/maker/box.png",
    "model": "/maker/box/box.obj",
    "width": "60.0",
    "depth": "40",
    "height": "90.5",
    "movable": "true",
    "creator": "J\\u00e9r\\u00f4me",
}


def write_library(
    path: Path, entries: Sequence[Mapping[str, str]], files: Mapping[str, bytes] = BOX_FILES, header: str = ""
) -> Path:
    """Write a `.sh3f` with numbered catalogue entries and files."""
    lines = ["# Catalogue", "name=Test library", "license=CC0", header]
    for number, entry in enumerate(entries, start=1):
        lines += [f"{key}#{number}={value}" for key, value in entry.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("PluginFurnitureCatalog.properties", "\n".join(lines).encode("iso-8859-1"))
        archive.writestr("PluginFurnitureCatalog_fr.properties", "name#1=Placard")
        for name, content in files.items():
            archive.writestr(name, content)
    return path
