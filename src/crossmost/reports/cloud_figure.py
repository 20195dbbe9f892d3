"""Point clouds that can be turned, one at a time: for the graph and for notebooks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go


def cloud_figure(
    clouds: Mapping[str, np.ndarray],
    values: Mapping[str, np.ndarray] | None = None,
    *,
    color_scale: str = "Viridis",
) -> go.Figure:
    """Clouds by name, one visible at a time; a menu shows the others.

    Args:
        clouds: name -> (N, 3) points, y-up.
        values: name -> (N,) what is colored; the height of each point where nothing is given.
        color_scale: of plotly.
    """
    figure = go.Figure()
    for number, (name, points) in enumerate(clouds.items()):
        # Plain lists: viewers with an older plotly cannot read arrays packed as base64.
        x, y, z = (np.asarray(points)[:, axis].astype(float).round(3).tolist() for axis in range(3))
        colored = y if values is None else np.asarray(values[name]).astype(float).round(4).tolist()
        figure.add_scatter3d(
            # Plotly's third axis is up, ours is the second.
            x=x,
            y=z,
            z=y,
            mode="markers",
            marker={"size": 2, "color": colored, "colorscale": color_scale},
            name=name,
            visible=number == 0,
            hoverinfo="skip",
        )
    buttons = [
        {"label": name, "method": "restyle", "args": [{"visible": [other == name for other in clouds]}]}
        for name in clouds
    ]
    hidden = {"visible": False}
    figure.update_layout(
        scene={"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "aspectmode": "data"},
        margin={"l": 0, "r": 0, "t": 40, "b": 0},
        updatemenus=[{"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.1, "yanchor": "top"}] if buttons else [],
        showlegend=False,
    )
    return figure
