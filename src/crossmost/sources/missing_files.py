"""Materials and textures that objects refer to and that are not there: tolerated, but said."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

logger = logging.getLogger(__name__)


def say_missing_files(facts: Iterable[Mapping[str, Any]]) -> None:
    """Log how many objects lack a file, if any does.

    Args:
        facts: Of all stored objects, their `json` as `make_object_sample` writes it.
    """
    listed = list(facts)
    lacking = [fact for fact in listed if fact["missing_files"]]
    if lacking:
        first = lacking[0]
        logger.info(
            "%d of %d objects refer to materials or textures that are not there, and are used without them, e.g. "
            "%s (%s): %s",
            len(lacking),
            len(listed),
            first["object_id"],
            first["source"],
            ", ".join(first["missing_files"]),
        )
