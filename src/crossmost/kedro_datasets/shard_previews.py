"""Object stores that Kedro-Viz can show: views as a contact sheet, clouds as one that can be turned."""

from __future__ import annotations

import base64
import io
from itertools import islice
from typing import Any

import plotly.graph_objects as go
from kedro_datasets._typing import ImagePreview, PlotlyPreview

from crossmost.kedro_datasets.shard_store import ShardStoreDataset
from crossmost.rendering import contact_sheet
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
        figure = cloud_figure(clouds)
        # Plain lists: the viewer's own plotly is older than the one that packs arrays into base64.
        return PlotlyPreview(_plain(figure.to_dict()))


def cloud_figure(clouds: dict[str, Any]) -> go.Figure:
    """Clouds (N, 3), y-up, one visible at a time; colored by height."""
    figure = go.Figure()
    for number, (object_id, points) in enumerate(clouds.items()):
        x, y, z = (points[:, axis].round(3).tolist() for axis in range(3))
        figure.add_scatter3d(
            # plotly's third axis is up, ours is the second.
            x=x,
            y=z,
            z=y,
            mode="markers",
            marker={"size": 2, "color": y, "colorscale": "Viridis"},
            name=object_id,
            visible=number == 0,
            hoverinfo="skip",
        )
    buttons = [
        {"label": object_id, "method": "restyle", "args": [{"visible": [other == object_id for other in clouds]}]}
        for object_id in clouds
    ]
    hidden = {"visible": False}
    figure.update_layout(
        scene={"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "aspectmode": "data"},
        margin={"l": 0, "r": 0, "t": 40, "b": 0},
        updatemenus=[{"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.1, "yanchor": "top"}] if buttons else [],
        showlegend=False,
    )
    return figure


def _spread(count: int, wanted: int) -> list[int]:
    """At most `wanted` indices below `count`, evenly spread."""
    return sorted({index * count // min(wanted, count) for index in range(min(wanted, count))})


def _plain(value: Any) -> Any:
    """The same without the default template, which makes every figure 7 kB larger."""
    layout = {key: part for key, part in value["layout"].items() if key != "template"}
    return {"data": value["data"], "layout": layout}
