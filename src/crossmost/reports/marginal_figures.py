"""Whether a class swallows the others: mean class probabilities during training against the uniform share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from crossmost.reports.figures import MOST_CONFUSED, leading, styled
from crossmost.reports.names import MODALITY_NAMES, plain

MOST_COLUMNS = 60
"""Steps are averaged into at most this many columns."""
MOST_FOLD = 8.0
"""Colors end at this many times (or this fraction of) the uniform share."""
SCALE = [[0.0, "#3f7fdc"], [0.5, "rgba(128,128,128,0.06)"], [1.0, "#d9701f"]]


def marginal_figures(
    log: pd.DataFrame, class_names: Sequence[str], *, method: str = "crossmost"
) -> dict[str, go.Figure]:
    """Title -> heat map of class (rows) by step (columns), for each modality whose marginals were logged.

    Args:
        log: training log; `marginal_image` and `marginal_point`, where they are there, hold the batch's mean class
            probabilities under the teacher, a list of C floats per step.
        class_names: the C class names in logit order.
        method: whose training is shown.
    """
    figures = {}
    for modality in ("image", "point"):
        column = f"marginal_{modality}"
        rows = log.loc[log["method"] == method, ["step", column]].dropna() if column in log else pd.DataFrame()
        if rows.empty:
            continue
        rows = rows.sort_values("step")
        shares = np.stack([np.asarray(values, dtype=np.float64) for values in rows[column]])  # (T, C)
        bins = np.array_split(np.arange(len(rows)), min(MOST_COLUMNS, len(rows)))
        steps = np.array([rows["step"].to_numpy()[rows_of_bin].mean() for rows_of_bin in bins]).round()
        means = np.stack([shares[rows_of_bin].mean(axis=0) for rows_of_bin in bins])  # (bins, C)
        title = f"Mean class probabilities of a batch, {MODALITY_NAMES[modality].lower()} (blue: below uniform)"
        figures[title] = _heat_map(means.T, steps, "step", class_names)
    return figures


def pseudo_label_share_figure(
    quality: pd.DataFrame, class_names: Sequence[str], *, modality: str, method: str = "crossmost"
) -> go.Figure:
    """Heat map of class (rows) by epoch (columns): share of the kept pseudo-labels that name the class."""
    rows = quality[(quality["method"] == method) & (quality["modality"] == modality) & quality["class_name"].notna()]
    assigned = rows.pivot(index="class_name", columns="epoch", values="n_assigned").reindex(list(class_names)).fillna(0)
    shares = assigned.to_numpy(dtype=np.float64) / np.maximum(assigned.sum(axis=0).to_numpy(dtype=np.float64), 1)
    return _heat_map(shares, assigned.columns.to_numpy(), "epoch", class_names)


def _heat_map(shares: np.ndarray, x: np.ndarray, x_title: str, class_names: Sequence[str]) -> go.Figure:
    """`shares` (C, T) against the uniform share; colors are logarithmic.

    Of more than `MOST_CONFUSED` classes those are shown that are furthest from it at any time.
    """
    uniform = 1 / max(len(class_names), 1)
    most = np.log2(MOST_FOLD)
    fold = np.log2(np.maximum(shares, uniform / MOST_FOLD**2) / uniform)
    shown = leading(class_names, np.abs(fold).max(axis=1, initial=0), MOST_CONFUSED)
    rows = [class_names.index(name) for name in shown]
    shares, fold, class_names = shares[rows], fold[rows], shown
    figure = go.Figure(
        go.Heatmap(
            x=x,
            y=[plain(name) for name in class_names],
            z=np.clip(fold, -most, most).round(2),
            customdata=(100 * shares).round(2),
            zmin=-most,
            zmax=most,
            colorscale=SCALE,
            colorbar={
                "thickness": 10,
                "outlinewidth": 0,
                "tickvals": [-most, 0, most],
                "ticktext": [f"1/{MOST_FOLD:.0f}", "uniform", f"{MOST_FOLD:.0f}×"],
            },
            hovertemplate=f"%{{y}}, {x_title} %{{x}}: %{{customdata:.1f}} %<extra></extra>",
        )
    )
    figure.update_xaxes(title=x_title, showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return styled(figure, height=max(300, 90 + 17 * len(class_names)), top=14)
