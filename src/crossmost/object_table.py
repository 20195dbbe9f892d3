"""The table of objects: what became of each raw object, and on which side of the split it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crossmost.errors import CrossmostError
from crossmost.near_duplicates import near_duplicate_groups
from crossmost.shards import ShardStore, decode_json
from crossmost.sources import RawObject, read_signature
from crossmost.sources.missing_files import say_missing_files
from crossmost.splits import fold_split, split_objects

_LISTED = 10  # quarantined objects named in an error message


def object_table(raw_objects: list[RawObject], meshes: ShardStore) -> pd.DataFrame:
    """One row per raw object.

    Returns:
        Table with object_id, source, sha256, n_vertices, n_faces, has_texture, status, reason, and for `add_split`
        geometry_sha256 and published_split (null where there is none).
    """
    facts: dict[str, dict[str, Any]] = {
        sample.key: decode_json(sample.members["json"]) for sample in meshes.samples("json")
    }
    say_missing_files(facts.values(), raw_objects)
    quarantine = meshes.quarantine()
    reasons = dict(zip(quarantine["object_id"], quarantine["reason"], strict=True))
    rows = [
        {
            "object_id": raw_object.object_id,
            "source": raw_object.source,
            "sha256": raw_object.sha256,
            "n_vertices": known.get("n_vertices", 0),
            "n_faces": known.get("n_faces", 0),
            "has_texture": known.get("has_texture", False),
            "status": "ok" if known else "quarantined",
            "reason": None if known else reasons.get(raw_object.object_id, "not in the mesh store"),
            "geometry_sha256": known.get("geometry_sha256"),
            "published_split": raw_object.published_split,
        }
        for raw_object in raw_objects
        for known in [facts.get(raw_object.object_id, {})]
    ]
    return pd.DataFrame(rows)


def add_split(
    table: pd.DataFrame,
    meshes: ShardStore,
    class_of: Mapping[str, str],
    *,
    threshold: float,
    test_share: float,
    n_folds: int | None,
    fold: int,
    seed: int,
) -> pd.DataFrame:
    """The table with split and duplicate_group; quarantined objects have no split and group −1.

    A data set that was published with a split keeps it, unless folds are asked for; only equal geometry is grouped
    then. Otherwise the split is drawn by seed, near-duplicates always on one side.

    Args:
        table: From `object_table`.
        meshes: Where the signatures of the objects are stored.
        class_of: Object id → class, to stratify; objects without class are allowed.
        threshold: See `near_duplicate_groups`.
        test_share: Used without folds, see `split_objects`.
        n_folds: Number of folds or None.
        fold: The fold held out.
        seed: Decides the split.

    Raises:
        CrossmostError: if some objects have a published split and others have none.
    """
    is_ok = (table["status"] == "ok").to_numpy()
    usable = table[is_ok]
    published = _published_split(usable)
    if published is not None and n_folds is None:
        groups, split = _groups(usable, meshes, 0), published
    else:
        groups = _groups(usable, meshes, threshold)
        classes = [class_of.get(object_id) for object_id in usable["object_id"]]
        if n_folds is None:
            split = split_objects(groups, classes, test_share=test_share, seed=seed)
        else:
            split = fold_split(groups, classes, fold=fold, n_folds=n_folds, seed=seed)
    all_groups = np.full(len(table), -1, dtype=np.int64)
    all_groups[is_ok] = groups
    all_splits = np.full(len(table), None, dtype=object)
    all_splits[is_ok] = split
    return table.assign(split=all_splits, duplicate_group=all_groups)


def _groups(usable: pd.DataFrame, meshes: ShardStore, threshold: float) -> np.ndarray:
    """(N,) group of each object; with threshold 0 no signature is read, so that any number of objects will do."""
    if threshold == 0:
        return pd.factorize(usable["geometry_sha256"])[0].astype(np.int64)
    signatures = {sample.key: read_signature(sample) for sample in meshes.samples("json", "signature.npy")}
    return near_duplicate_groups([signatures[object_id] for object_id in usable["object_id"]], threshold)


def _published_split(usable: pd.DataFrame) -> np.ndarray | None:
    """(N,) "adapt" and "test" as published, or None if the data set has no split."""
    published = usable["published_split"]
    known = published.notna()
    if not known.any():
        return None
    if not known.all():
        raise CrossmostError(
            f"{int((~known).sum())} of {len(usable)} objects are in no published split, the first is "
            f"{usable.loc[~known, 'object_id'].iloc[0]!r}; remove them, or set ingestion.split.n_folds to draw folds"
        )
    return published.to_numpy(dtype=object)


def check_quarantine_share(table: pd.DataFrame, max_share: float) -> None:
    """Refuse a collection too much of which is unreadable.

    Raises:
        CrossmostError: if more than `max_share` of the objects are quarantined; lists them with their reasons.
    """
    quarantined = table[table["status"] != "ok"]
    if len(quarantined) <= max_share * len(table) and len(quarantined) < len(table):
        return
    listed = [f"  {row.object_id} ({row.source}): {row.reason}" for row in quarantined.head(_LISTED).itertuples()]
    if len(quarantined) > _LISTED:
        listed.append(f"  … and {len(quarantined) - _LISTED} more, see quarantine.csv")
    raise CrossmostError(
        f"{len(quarantined)} of {len(table)} objects cannot be used; max_quarantine_share allows "
        f"{max_share:.0%}. Mend or remove them, or raise ingestion.max_quarantine_share:\n" + "\n".join(listed)
    )
