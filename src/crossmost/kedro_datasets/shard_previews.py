"""Object stores that Kedro-Viz can show: views as a contact sheet, clouds as one that can be turned."""

from __future__ import annotations

import base64
import io
from itertools import islice
from typing import Any

from kedro_datasets._typing import ImagePreview, PlotlyPreview

from crossmost.kedro_datasets.shard_store import ShardStoreDataset
from crossmost.rendering import contact_sheet
from crossmost.reports.cloud_figure import cloud_figure
from crossmost.shards import decode_array

CLOUD_MEMBER = "points.npy"
MOST_POINTS = 1024


class ViewShardStoreDataset(ShardStoreDataset):
    """A store of rendered views."""

    def preview(self, objects: int = 24, columns: int = 6) -> ImagePreview:
        """Two views of some objects, spread over the store, as a base64 PNG."""
        store = self.load()
        ids = store.object_ids()
        picked = [ids[index] for index in _spread(len(ids), objects)]
        buffer = io.BytesIO()
        contact_sheet(store, picked, view_indices=(1, 4), columns=columns).save(buffer, "PNG", optimize=True)
        return ImagePreview(base64.b64encode(buffer.getvalue()).decode("ascii"))


class CloudShardStoreDataset(ShardStoreDataset):
    """A store of point clouds."""

    def preview(self, objects: int = 6) -> PlotlyPreview:
        """A few clouds, spread over the store, that can be turned; buttons choose which one is shown."""
        store = self.load()
        wanted = set(_spread(len(store), objects))
        samples = [sample for index, sample in enumerate(islice(store, max(wanted, default=-1) + 1)) if index in wanted]
        clouds = {sample.key: decode_array(sample.members[CLOUD_MEMBER])[:MOST_POINTS, :3] for sample in samples}
        return PlotlyPreview(_plain(cloud_figure(clouds).to_dict()))


def _spread(count: int, wanted: int) -> list[int]:
    """At most `wanted` indices below `count`, evenly spread."""
    return sorted({index * count // min(wanted, count) for index in range(min(wanted, count))})


def _plain(value: Any) -> Any:
    """The same without the default template, which makes every figure 7 kB larger."""
    layout = {key: part for key, part in value["layout"].items() if key != "template"}
    return {"data": value["data"], "layout": layout}
