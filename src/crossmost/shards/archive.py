"""One shard: an uncompressed tar of `<key>.<extension>` members, the same bytes for the same samples."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import re
import tarfile
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from crossmost.errors import CrossmostError

KEY_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]*")
EXTENSION_PATTERN = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_NAME_LIMIT = 100  # what a plain ustar header holds


@dataclass(frozen=True)
class Sample:
    """One object of a shard.

    Args:
        key: The object's id, `[a-z0-9][a-z0-9_-]*` (no dot: the first dot of a member name ends the key).
        members: Content of each member by extension, e.g. `{"glb": ..., "json": ...}`.
    """

    key: str
    members: Mapping[str, bytes]

    def digest(self) -> str:
        """SHA-256 (hex) of the members' names and contents, in whatever order they are; the key does not count."""
        digest = hashlib.sha256()
        for extension in sorted(self.members):
            digest.update(f"{extension} {len(self.members[extension])}\n".encode())
            digest.update(self.members[extension])
        return digest.hexdigest()


def member_name(key: str, extension: str) -> str:
    """Name of a member inside the tar.

    Raises:
        CrossmostError: if the key or the extension holds characters that the store does not allow.
    """
    if not KEY_PATTERN.fullmatch(key):
        raise CrossmostError(f"Object id {key!r} is not allowed in a shard; allowed: {KEY_PATTERN.pattern}")
    if not EXTENSION_PATTERN.fullmatch(extension):
        raise CrossmostError(
            f"Member {extension!r} of object {key} is not allowed in a shard; allowed: {EXTENSION_PATTERN.pattern}"
        )
    name = f"{key}.{extension}"
    if len(name) > _NAME_LIMIT:
        raise CrossmostError(f"Member name {name!r} has {len(name)} characters; at most {_NAME_LIMIT} are allowed")
    return name


def split_member_name(name: str, shard: Path) -> tuple[str, str]:
    """The (key, extension) of a member name; refuses anything a shard of ours would not hold (paths, `..`).

    Raises:
        CrossmostError: if the name is not `<key>.<extension>`.
    """
    key, _, extension = name.partition(".")
    if not KEY_PATTERN.fullmatch(key) or not EXTENSION_PATTERN.fullmatch(extension):
        raise CrossmostError(f"{shard} holds the member {name!r}, which no shard may hold; delete it and rerun")
    return key, extension


def write_shard(path: Path, samples: Iterable[Sample]) -> int:
    """Write samples one by one (memory: one sample) under a temporary name, then rename it to `path`.

    Args:
        path: The `.tar` to make; its folder must exist.
        samples: Samples with distinct keys, in the order they shall have.

    Returns:
        Number of samples written.

    Raises:
        CrossmostError: for a repeated or forbidden key or extension.
        OSError: if the disk refuses; nothing is left under `path` then.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    keys: set[str] = set()
    try:
        with tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as archive:
            for sample in samples:
                if sample.key in keys:
                    raise CrossmostError(f"Object id {sample.key!r} occurs twice in {path.name}; ids must be unique")
                keys.add(sample.key)
                for extension in sorted(sample.members):
                    content = sample.members[extension]
                    # A fresh TarInfo has mtime, uid and gid 0, mode 0644, no names: the same bytes everywhere.
                    header = tarfile.TarInfo(member_name(sample.key, extension))
                    header.size = len(content)
                    archive.addfile(header, io.BytesIO(content))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return len(keys)


def read_shard(path: Path, extensions: Container[str] | None = None) -> Iterator[Sample]:
    """Samples of one shard in stored order, never extracted to disk; memory holds one sample.

    Args:
        path: The `.tar`.
        extensions: Only these members are read, the others are passed over; None reads all.

    Raises:
        CrossmostError: if the file is damaged or holds a member that no shard may hold.
    """
    current: str | None = None
    members: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for header in archive:
                key, extension = split_member_name(header.name, path)
                if current is not None and key != current:
                    yield Sample(current, members)
                    members = {}
                current = key
                if extensions is None or extension in extensions:
                    members[extension] = _read_member(archive, header, path)
    except (tarfile.TarError, EOFError) as error:
        raise CrossmostError(f"{path} is damaged ({error}); delete it and rerun the stage that makes it") from error
    if current is not None:
        yield Sample(current, members)


def read_sample(path: Path, key: str) -> Sample:
    """One sample of a shard by key, without reading the others.

    Raises:
        CrossmostError: if the shard is damaged or has no such key.
    """
    places = _index(path, path.stat().st_mtime_ns).get(key)
    if places is None:
        raise CrossmostError(f"{path} has no object {key!r}")
    members: dict[str, bytes] = {}
    with path.open("rb") as file:
        for extension, offset, size in places:
            file.seek(offset)
            members[extension] = file.read(size)
    return Sample(key, members)


def member_extensions(path: Path) -> set[str]:
    """Extensions of all members of a shard; only headers are read.

    Raises:
        CrossmostError: if the shard is damaged.
    """
    return {extension for places in _index(path, path.stat().st_mtime_ns).values() for extension, _, _ in places}


@functools.lru_cache(maxsize=256)
def _index(path: Path, modified_ns: int) -> dict[str, list[tuple[str, int, int]]]:
    """Key → (extension, offset, size) of its members; `modified_ns` makes a rewritten shard a new entry."""
    places: dict[str, list[tuple[str, int, int]]] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for header in archive:
                key, extension = split_member_name(header.name, path)
                if not header.isreg():
                    raise CrossmostError(f"{path}: {header.name!r} is not a plain file; delete the shard and rerun")
                places.setdefault(key, []).append((extension, header.offset_data, header.size))
    except (tarfile.TarError, EOFError) as error:
        raise CrossmostError(f"{path} is damaged ({error}); delete it and rerun the stage that makes it") from error
    return places


def _read_member(archive: tarfile.TarFile, header: tarfile.TarInfo, path: Path) -> bytes:
    file = archive.extractfile(header) if header.isreg() else None
    if file is None:
        raise CrossmostError(f"{path}: {header.name!r} is not a plain file; delete the shard and rerun")
    content = file.read()
    if len(content) != header.size:
        raise CrossmostError(f"{path} is cut short in {header.name!r}; delete it and rerun the stage that makes it")
    return content
