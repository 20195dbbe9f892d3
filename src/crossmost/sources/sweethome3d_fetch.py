"""Fetch the Sweet Home 3D furniture libraries: `python -m crossmost.sources.sweethome3d_fetch FOLDER`.

They come from the Debian package sweethome3d-furniture, unpacked without being installed: no root is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from crossmost.errors import CrossmostError, MissingInputError
from crossmost.sources.file_tree import is_unfinished, visible

PACKAGE = "sweethome3d-furniture"
_BY_HAND = (
    "put *.sh3f files from https://www.sweethome3d.com/freeModels.jsp into {folder} yourself, "
    "or run with --env=shapes, which needs no raw data"
)


def fetch(folder: Path) -> list[Path]:
    """Put the libraries and their copyright file into a folder; libraries that are there stay as they are.

    Returns:
        The `.sh3f` files in the folder.

    Raises:
        MissingInputError: if apt or dpkg-deb is absent, or the package cannot be downloaded.
        CrossmostError: if the disk is full or the folder cannot be written to.
    """
    present = _libraries(folder)
    if present and not is_unfinished(folder):
        return present
    try:
        with tempfile.TemporaryDirectory() as temporary:
            _put(_download(Path(temporary), _BY_HAND.format(folder=folder)), folder)
    except OSError as error:
        raise CrossmostError(
            f"The libraries cannot be put into {folder} ({error.strerror}: {error.filename}): free some space, or see "
            "that the folder may be written to, then run `make data` again"
        ) from error
    return _libraries(folder)


def _libraries(folder: Path) -> list[Path]:
    return sorted(visible(folder.glob("*.sh3f")))


def _download(temporary: Path, advice: str) -> list[Path]:
    """The copyright file and the libraries, unpacked below a temporary folder."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise MissingInputError(f"{tool} is not on this machine, so {PACKAGE} cannot be fetched: {advice}")
    try:
        _run(["apt-get", "download", PACKAGE], temporary, advice)
    except MissingInputError:
        # A fresh machine has no package lists yet; only root may fetch them.
        if os.geteuid() != 0:
            raise
        _run(["apt-get", "update", "-qq"], temporary, advice)
        _run(["apt-get", "download", PACKAGE], temporary, advice)
    package = next(temporary.glob("*.deb"), None)
    if package is None:
        raise MissingInputError(f"apt-get downloaded no package {PACKAGE}: {advice}")
    unpacked = temporary / "unpacked"
    _run(["dpkg-deb", "-x", str(package), str(unpacked)], temporary, advice)
    libraries = sorted(unpacked.rglob("*.sh3f"))
    if not libraries:
        raise MissingInputError(f"{package.name} holds no *.sh3f file: {advice}")
    return [*unpacked.rglob(f"doc/{PACKAGE}/copyright"), *libraries]


def _put(files: list[Path], folder: Path) -> None:
    """Copy the files into the folder, so that whatever interrupts it is known from what it leaves.

    All are copied before the first gets its name: while a library is missing, something `.partial` is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = {folder / f".{file.name}.partial": file for file in files}
    had_some = bool(_libraries(folder))
    try:
        for part, file in parts.items():
            shutil.copyfile(file, part)
    except OSError:
        # Beside libraries they are the only sign that some are missing; else they are waste on a disk that is full.
        for part in () if had_some else parts:
            part.unlink(missing_ok=True)
        raise
    for part, file in parts.items():
        part.replace(folder / file.name)


def _run(command: list[str], folder: Path, advice: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        reason = lines[-1] if lines else f"exit status {done.returncode}"
        raise MissingInputError(f"`{' '.join(command[:3])}` failed ({reason}): {advice}")


def main(arguments: list[str]) -> int:
    """Command line: one argument, the folder."""
    if len(arguments) != 1:
        print("usage: python -m crossmost.sources.sweethome3d_fetch FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    try:
        libraries = fetch(folder)
    except CrossmostError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"{len(libraries)} furniture libraries in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
