"""Formats of objects that are not read, and what to do about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath

_ADVICE = {
    "convert them to glb, which Blender can": ".fbx .dae .usd .usda .usdc .usdz .blend .abc .3ds .x3d .wrl .lwo",
    "export them as glb from the program that made them": ".max .ma .mb .c4d .skp .3dm .jt .rvt",
    "convert them to stl, which FreeCAD can": ".step .stp .iges .igs .brep .brp .fcstd .ifc .sldprt .sldasm .ipt",
    "convert them to ply or las, which CloudCompare can": ".laz .e57 .ptx .splat .spz .ksplat",
    "unpack them": ".zip .rar .7z .tar .tgz .gz .bz2 .xz .zst",
}
_ADVICE_OF = {suffix: advice for advice, suffixes in _ADVICE.items() for suffix in suffixes.split()}


def is_foreign(suffix: str) -> bool:
    """Whether files of this ending (lower case, with its dot) may be or hold objects, and are not read."""
    return suffix in _ADVICE_OF


def what_to_do(paths: Iterable[PurePath]) -> str:
    """Half a sentence about files in foreign formats: how many of which ending there are, and what makes them readable.

    Args:
        paths: Files whose ending `is_foreign`; at least one.
    """
    counts = Counter(path.suffix.lower() for path in paths)
    parts = []
    for advice in _ADVICE:
        found = [f"{count} {suffix}" for suffix, count in counts.most_common() if _ADVICE_OF[suffix] == advice]
        if found:
            parts.append(f"{', '.join(found)} ({advice})")
    return "; ".join(parts)
