"""The map of embeddings: where both models put the views and the cloud of each object, in two dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from crossmost.reports.figures import styled
from crossmost.reports.names import MODALITY_NAMES, plain

PALETTE = (
    "#4363d8", "#f58231", "#3cb44b", "#e6324b", "#9a4fd0", "#25b4d4", "#d4b106", "#9a6324",
    "#f032e6", "#1f8a80", "#6f7f99", "#a3b52a", "#a83232", "#5cc98a", "#8fb0ff", "#f58cb4",
)  # fmt: skip
OTHER = "other classes"
LIMIT = 1.05
"""Half the width of both axes; coordinates reach 1."""
SYMBOLS = {"image": "circle", "point": "diamond-open"}


def map_points(
    layout: pd.DataFrame, predictions: pd.DataFrame, labels: pd.DataFrame, *, after: str = "crossmost"
) -> pd.DataFrame:
    """Add what is colored and what is said: the true class, or without labels the adapted model's joint label.

    Args:
        layout: `method, object_id, modality, x, y`.
        predictions: one row per object.
        labels: true labels; may be empty.
        after: the adapted model.

    Returns:
        `layout` with `class_name` and `predicted`, the label that the row's method gives from its modality.
    """
    truth = labels.drop_duplicates("object_id").set_index("object_id")["class_name"]
    by_object = predictions.set_index("object_id")
    table = layout[layout["object_id"].isin(by_object.index)].reset_index(drop=True)
    if len(truth):
        table["class_name"] = table["object_id"].map(truth).fillna("no label")
    else:
        table["class_name"] = table["object_id"].map(by_object[f"{after}_joint_label"])
    keys = zip(table["object_id"], table["method"], table["modality"], strict=True)
    predicted = [str(by_object.at[object_id, f"{method}_{modality}_label"]) for object_id, method, modality in keys]
    table["predicted"] = predicted
    return table


def map_figure(points: pd.DataFrame, class_names: Sequence[str], *, method: str) -> go.Figure:
    """Scatter of one model: color is the class, filled circles are images, open diamonds point clouds.

    Args:
        points: from `map_points`.
        class_names: in logit order; past the palette the rarest share one color.
        method: which model.
    """
    rows = points[points["method"] == method]
    frequent = points["class_name"].value_counts().index[: len(PALETTE)]
    shown = [name for name in class_names if name in set(frequent)]
    colors = dict(zip(shown, PALETTE, strict=False))
    named = rows["class_name"].where(rows["class_name"].isin(shown), OTHER)
    figure = go.Figure()
    for name in [*shown, *([OTHER] if (named == OTHER).any() else [])]:
        for modality, symbol in SYMBOLS.items():
            part = rows[(named == name) & (rows["modality"] == modality)]
            figure.add_trace(
                go.Scatter(
                    name=plain(name),
                    legendgroup=name,
                    showlegend=modality == "image",
                    x=part["x"],
                    y=part["y"],
                    customdata=np.stack(
                        [
                            part["object_id"].map(plain),
                            part["class_name"].map(plain),
                            part["predicted"].map(plain),
                        ],
                        axis=1,
                    )
                    if len(part)
                    else None,
                    mode="markers",
                    marker={
                        "color": colors.get(name, "#8a93a3"),
                        "symbol": symbol,
                        "size": 6 if modality == "image" else 7,
                        "opacity": 0.8,
                        "line": {"width": 1.4 if modality == "point" else 0},
                    },
                    hovertemplate=(
                        "<b>%{customdata[1]}</b>, "
                        + MODALITY_NAMES[modality].lower()
                        + ": %{customdata[2]}<br>%{customdata[0]}<extra></extra>"
                    ),
                )
            )
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(range=[-LIMIT, LIMIT], showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(scaleanchor="x", scaleratio=1)
    styled(figure, height=520)
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "top", "y": -0.02, "x": 0, "itemwidth": 30},
    )
    return figure
