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
    """
    present = sorted(folder.glob("*.sh3f"))
    if present:
        return present
    advice = _BY_HAND.format(folder=folder)
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise MissingInputError(f"{tool} is not on this machine, so {PACKAGE} cannot be fetched: {advice}")
    with tempfile.TemporaryDirectory() as temporary:
        try:
            _run(["apt-get", "download", PACKAGE], Path(temporary), advice)
        except MissingInputError:
            # A fresh machine has no package lists yet; only root may fetch them.
            if os.geteuid() != 0:
                raise
            _run(["apt-get", "update", "-qq"], Path(temporary), advice)
            _run(["apt-get", "download", PACKAGE], Path(temporary), advice)
        package = next(Path(temporary).glob("*.deb"), None)
        if package is None:
            raise MissingInputError(f"apt-get downloaded no package {PACKAGE}: {advice}")
        unpacked = Path(temporary) / "unpacked"
        _run(["dpkg-deb", "-x", str(package), str(unpacked)], Path(temporary), advice)
        libraries = sorted(unpacked.rglob("*.sh3f"))
        if not libraries:
            raise MissingInputError(f"{package.name} holds no *.sh3f file: {advice}")
        folder.mkdir(parents=True, exist_ok=True)
        for file in [*unpacked.rglob(f"doc/{PACKAGE}/copyright"), *libraries]:
            # The libraries are the sign of success, so they get their names last and at once.
            part = folder / f".{file.name}.partial"
            shutil.copyfile(file, part)
            part.replace(folder / file.name)
    return sorted(folder.glob("*.sh3f"))


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
