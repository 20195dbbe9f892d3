"""Objects that could not be pictured or scanned."""

from __future__ import annotations

import pandas as pd

from crossmost.errors import CrossmostError
from crossmost.shards import ShardStore

EXAMPLES = 5  # objects that an error message names


def render_quarantine_table(views: ShardStore, clouds: ShardStore, *, max_share: float) -> pd.DataFrame:
    """List the objects that rendering or capturing could not use.

    Args:
        views, clouds: the finished stores.
        max_share: largest share of objects that may be missing from either.

    Returns:
        Columns object_id, stage, reason; one row per object and stage.

    Raises:
        CrossmostError: more objects than `max_share` failed in a stage.
    """
    for store in (views, clouds):
        failed = store.quarantine()
        total = len(store) + len(failed)
        if total and len(failed) > max_share * total:
            named = [f"  {row.object_id}: {row.reason}" for row in failed.head(EXAMPLES).itertuples()]
            raise CrossmostError(
                f"{len(failed)} of {total} objects failed while {failed['stage'].iloc[0]}, "
                f"more than the allowed share of {max_share:.0%}:\n"
                + "\n".join(named)
                + f"\nAll of them are named in {store.root}/*.json. "
                "Repair or remove these objects, or raise rendering.max_quarantine_share"
            )
    return pd.concat([views.quarantine(), clouds.quarantine()], ignore_index=True)
