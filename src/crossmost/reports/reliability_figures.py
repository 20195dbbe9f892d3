"""Figures about confidence: reliability diagrams, and what can be shown of predictions without labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from crossmost.evaluation import calibration_error
from crossmost.evaluation.calibration import CALIBRATED
from crossmost.reports.figures import HEAT_SCALE, most_confused, styled, wilson_interval
from crossmost.reports.names import MODALITY_COLORS, MODALITY_NAMES, OTHER_COLORS, method_color, method_name, plain

JOINT_COLOR = OTHER_COLORS[0]
CONFIDENCE_BINS = 20


def reliability_figure(reliability: pd.DataFrame, *, split: str, method: str) -> go.Figure:
    """Accuracy by confidence of one method, with 95 % Wilson intervals; size: objects.

    One curve per modality as its scores say, dashed, and one after calibration, solid; the joint prediction has one.
    """
    rows = reliability[(reliability["split"] == split) & (reliability["method"] == method)]
    errors = calibration_error(rows)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"dash": "dot", "width": 1.5, "color": "#8a93a3"},
        hoverinfo="skip",
        showlegend=False,
    )
    largest = max(rows["n"].max(), 1)
    for view, name in MODALITY_NAMES.items():
        after = view + CALIBRATED
        for shown, title in ((view, name), (after, f"{name} calibrated")):
            bins = rows[rows["view"] == shown].sort_values("bin")
            if bins.empty:
                continue
            figure.add_trace(
                _reliability_curve(
                    bins,
                    name=f"{title}, error {100 * errors[method, split, shown]:.1f}",
                    color=MODALITY_COLORS.get(view, JOINT_COLOR),
                    is_raw=shown == view and after in set(rows["view"]),
                    largest=largest,
                )
            )
    figure.update_xaxes(range=[0, 102], ticksuffix=" %", title="confidence")
    figure.update_yaxes(range=[0, 102], ticksuffix=" %", title="right")
    return styled(figure, height=420)


def _reliability_curve(bins: pd.DataFrame, *, name: str, color: str, is_raw: bool, largest: int) -> go.Scatter:
    """One modality's curve; what is calibrated later is dashed, hollow and without intervals."""
    accuracy, count = bins["accuracy"].to_numpy(), bins["n"].to_numpy()
    limits = [wilson_interval(np.array([a]), int(n)) for a, n in zip(accuracy, count, strict=True)]
    low, high = (np.array([float(limit[side][0]) for limit in limits]) for side in (0, 1))
    intervals = {
        "type": "data",
        "symmetric": False,
        "array": 100 * (high - accuracy),
        "arrayminus": 100 * (accuracy - low),
        "thickness": 1,
        "width": 0,
        "color": color,
    }
    return go.Scatter(
        name=name,
        x=100 * bins["confidence"],
        y=100 * accuracy,
        customdata=count,
        error_y=None if is_raw else intervals,
        mode="lines+markers",
        opacity=0.7 if is_raw else 1,
        line={"color": color, "width": 2, "dash": "dash" if is_raw else "solid"},
        marker={"size": 5 + 13 * np.sqrt(count / largest), "symbol": "circle-open" if is_raw else "circle"},
        hovertemplate="confidence %{x:.0f} %, right %{y:.0f} %, %{customdata} objects<extra>%{fullData.name}</extra>",
    )


def confidence_figure(predictions: pd.DataFrame, *, split: str, view: str, methods: Sequence[str]) -> go.Figure:
    """How many objects have which confidence, one step curve per method."""
    rows = predictions[predictions["split"] == split]
    edges = np.linspace(0, 100, CONFIDENCE_BINS + 1)
    figure = go.Figure()
    for position, method in enumerate(methods):
        values = 100 * rows[f"{method}_{view}_confidence"].to_numpy(dtype=np.float64)
        counts, _ = np.histogram(values, bins=edges)
        figure.add_scatter(
            name=plain(method_name(method)),
            x=edges,
            y=np.append(100 * counts / max(len(rows), 1), 0),
            mode="lines",
            line={"shape": "hv", "color": method_color(method, position), "width": 2},
            fill="tozeroy",
            hovertemplate="from %{x:.0f} %: %{y:.1f} % of the objects<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title="confidence", ticksuffix=" %", range=[0, 100])
    figure.update_yaxes(ticksuffix=" %", title="objects", rangemode="tozero")
    return styled(figure, height=320)


def change_figure(
    predictions: pd.DataFrame, class_names: Sequence[str], *, before: str, after: str, view: str = "joint"
) -> go.Figure:
    """Which labels became which, objects of both splits: label before in rows, after in columns.

    The diagonal, what stayed, is left out of the color; its counts are in the hover. Of more than `MOST_CONFUSED`
    classes those are shown that changed most.
    """
    old, new = predictions[f"{before}_{view}_label"], predictions[f"{after}_{view}_label"]
    names = most_confused(pd.DataFrame({"true_class": old, "predicted_class": new, "count": 1}), class_names)
    counts = pd.crosstab(old, new).reindex(index=names, columns=names, fill_value=0).to_numpy(dtype=np.int64)  # (C, C)
    changed = counts * (1 - np.eye(len(names), dtype=np.int64))
    labels = [plain(name) for name in names]
    figure = go.Figure(
        go.Heatmap(
            x=labels,
            y=labels,
            z=changed,
            text=[[str(count) if count else "" for count in row] for row in changed],
            texttemplate="%{text}" if len(names) <= 20 else None,
            customdata=counts,
            zmin=0,
            zmax=max(int(changed.max(initial=0)), 1),
            colorscale=HEAT_SCALE,
            showscale=False,
            xgap=1,
            ygap=1,
            hovertemplate="%{y} before, %{x} after: %{customdata} objects<extra></extra>",
        )
    )
    figure.update_xaxes(tickangle=-60, showgrid=False, title="after")
    figure.update_yaxes(autorange="reversed", showgrid=False, title="before")
    return styled(figure, height=max(400, 130 + 20 * len(names)), top=14)
