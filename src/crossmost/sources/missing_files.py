"""Materials and textures that objects refer to and that are not there: tolerated, but said."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from crossmost.sources.base import RawObject

logger = logging.getLogger(__name__)


def say_missing_files(facts: Iterable[Mapping[str, Any]], raw_objects: Iterable[RawObject]) -> None:
    """Log how many objects lack a file, if any does.

    Args:
        facts: Of all stored objects, their `json` as `make_object_sample` writes it.
        raw_objects: What the stored objects are made from; they know their own file.
    """
    listed = list(facts)
    lacking = [fact for fact in listed if fact["missing_files"]]
    if lacking:
        first = lacking[0]
        file = next(raw.source for raw in raw_objects if raw.object_id == first["object_id"])
        logger.info(
            "%d of %d objects refer to materials or textures that are not there, and are used without them, e.g. "
            "%s (%s): %s",
            len(lacking),
            len(listed),
            first["object_id"],
            file,
            ", ".join(first["missing_files"]),
        )
