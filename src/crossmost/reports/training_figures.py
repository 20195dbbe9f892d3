"""Figures of the self-training runs: losses, what was kept, and how right the pseudo-labels were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from crossmost.reports.figures import MOST_CONFUSED, leading, styled
from crossmost.reports.names import (
    LOSS_NAMES,
    MODALITY_COLORS,
    MODALITY_NAMES,
    OTHER_COLORS,
    method_color,
    method_name,
    plain,
)

MOST_POINTS = 300
SMOOTHED_SHARE = 0.02
"""Curves are running means over this share of the steps."""
DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True)
class Panel:
    """Curves that share axes.

    Attributes:
        curves: at least one.
        x_title: "step" or "epoch".
        percent: whether y is a share in percent.
    """

    curves: list[go.Scatter]
    x_title: str
    percent: bool


def training_panels(log: pd.DataFrame, quality: pd.DataFrame, *, main_method: str = "crossmost") -> dict[str, Panel]:
    """Title -> panel, for every panel there is data for.

    Args:
        log: training logs of all methods, one row per step.
        quality: pseudo-label quality by method, epoch and modality, see `pseudo_label_quality`.
        main_method: the method whose single loss terms are shown.
    """
    methods = _in_order(pd.concat([log["method"], quality["method"]]), main_method)
    total = [
        _step_curve(log, method, "loss", plain(method_name(method)), color=method_color(method, 0))
        for method in methods
    ]
    shares = [
        _step_curve(log, method, column, f"{label}, {plain(method_name(method))}", color=color, dash=dash, percent=True)
        for method, dash in zip(methods, DASHES, strict=False)
        for column, label, color in (("kept_share", "kept", "#7a5cc7"), ("agreement", "agree", "#2f9e77"))
    ]
    panels = {
        "Total loss": Panel(total, "step", percent=False),
        f"Loss terms, {method_name(main_method)}": Panel(_loss_terms(log, main_method), "step", percent=False),
        "Objects kept, and agreement of images and points, per batch": Panel(shares, "step", percent=True),
        "Pseudo-labels that are right": Panel(_quality_curves(quality, methods, "accuracy"), "epoch", percent=True),
        "Objects with a pseudo-label": Panel(_quality_curves(quality, methods, "coverage"), "epoch", percent=True),
    }
    shown = {t: replace(panel, curves=[c for c in panel.curves if len(c.x)]) for t, panel in panels.items()}
    return {title: panel for title, panel in shown.items() if panel.curves}


def panel_figure(panel: Panel) -> go.Figure:
    """One panel as a figure of its own."""
    figure = go.Figure(panel.curves)
    _style_axes(figure, panel)
    return styled(figure, height=340)


def training_figure(log: pd.DataFrame, quality: pd.DataFrame, *, main_method: str = "crossmost") -> go.Figure:
    """All panels below each other in one figure."""
    panels = training_panels(log, quality, main_method=main_method)
    titles = [plain(title) for title in panels]
    figure = make_subplots(rows=max(len(panels), 1), cols=1, subplot_titles=titles, vertical_spacing=0.06)
    for row, panel in enumerate(panels.values(), start=1):
        figure.add_traces(panel.curves, rows=row, cols=1)
        _style_axes(figure, panel, row=row, col=1)
    styled(figure, height=120 + 240 * max(len(panels), 1))
    return figure.update_layout(showlegend=False)


def class_share_figure(quality: pd.DataFrame, class_names: Sequence[str], *, method: str = "crossmost") -> go.Figure:
    """How the last epoch's pseudo-labels spread over the classes, beside the true and the uniform share.

    Of more than `MOST_CONFUSED` classes those are shown that most pseudo-labels name.
    """
    rows = quality[(quality["method"] == method) & quality["class_name"].notna()]
    rows = rows[rows["epoch"] == rows["epoch"].max()]
    n_assigned = rows.groupby("class_name")["n_assigned"].sum().reindex(list(class_names)).fillna(0)
    uniform = 100 / max(len(class_names), 1)
    shown = leading(class_names, n_assigned.to_numpy(), MOST_CONFUSED)
    names = [plain(name) for name in shown]
    figure = go.Figure()
    for modality, color in MODALITY_COLORS.items():
        assigned = rows[rows["modality"] == modality].set_index("class_name")["n_assigned"]
        share = 100 * assigned.reindex(shown) / max(assigned.sum(), 1)
        figure.add_bar(name=f"pseudo-labels, {MODALITY_NAMES[modality].lower()}", x=names, y=share, marker_color=color)
    counts = rows[rows["modality"] == "image"].set_index("class_name")["n"].reindex(list(class_names))
    if counts.notna().any():
        figure.add_scatter(
            name="true share",
            x=names,
            y=100 * counts.reindex(shown) / max(counts.sum(), 1),
            mode="markers",
            marker={"symbol": "line-ew", "size": 14, "line": {"width": 2.5, "color": "#d0504a"}},
        )
    figure.add_hline(y=uniform, line={"dash": "dot", "width": 1.5, "color": "#8a93a3"})
    figure.update_traces(hovertemplate="%{x}: %{y:.1f} %<extra>%{fullData.name}</extra>")
    figure.update_yaxes(ticksuffix=" %", rangemode="tozero")
    figure.update_xaxes(tickangle=-45)
    return styled(figure, height=340)


def _loss_terms(log: pd.DataFrame, method: str) -> list[go.Scatter]:
    curves = []
    for term, label in LOSS_NAMES.items():
        family, _, modality = term.partition("_")
        color = MODALITY_COLORS.get(modality, OTHER_COLORS[0])
        dash = {"ce": "solid", "fairness": "dash", "mim": "dot", "align": "dashdot"}.get(family, "longdash")
        curves.append(_step_curve(log, method, term, label, color=color, dash=dash))
    return curves


def _step_curve(
    log: pd.DataFrame,
    method: str,
    column: str,
    name: str,
    *,
    color: str,
    dash: str = "solid",
    percent: bool = False,
) -> go.Scatter:
    """A smoothed, thinned curve of one log column; empty where it was not logged or is always zero."""
    rows = log.loc[log["method"] == method, ["step", column]].dropna() if column in log else pd.DataFrame()
    if rows.empty or (rows[column] == 0).all():
        return go.Scatter(x=[], y=[])
    rows = rows.sort_values("step")
    window = max(1, round(SMOOTHED_SHARE * len(rows)))
    smooth = rows[column].rolling(window, min_periods=1, center=True).mean().to_numpy(dtype=np.float64)
    thin = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST_POINTS)).round().astype(np.int64))
    unit = " %" if percent else ""
    return go.Scatter(
        name=name,
        x=rows["step"].to_numpy()[thin],
        y=(100 if percent else 1) * smooth[thin].round(5),
        mode="lines",
        line={"color": color, "dash": dash, "width": 2},
        hovertemplate="step %{x}: %{y:.3g}" + unit + "<extra>%{fullData.name}</extra>",
    )


def _quality_curves(quality: pd.DataFrame, methods: Sequence[str], column: str) -> list[go.Scatter]:
    overall = quality[quality["class_name"].isna()]
    curves = []
    for method, dash in zip(methods, DASHES, strict=False):
        for modality, color in MODALITY_COLORS.items():
            rows = overall[(overall["method"] == method) & (overall["modality"] == modality)]
            rows = rows.dropna(subset=[column]).sort_values("epoch")
            curves.append(
                go.Scatter(
                    name=f"{MODALITY_NAMES[modality].lower()}, {plain(method_name(method))}",
                    x=rows["epoch"].to_numpy(),
                    y=100 * rows[column].to_numpy(),
                    mode="lines+markers" if len(rows) < 30 else "lines",
                    line={"color": color, "dash": dash, "width": 2},
                    marker={"size": 5},
                    hovertemplate="epoch %{x}: %{y:.1f} %<extra>%{fullData.name}</extra>",
                )
            )
    return curves


def _style_axes(figure: go.Figure, panel: Panel, **place: int) -> None:
    figure.update_xaxes(title=panel.x_title, rangemode="tozero", **place)
    if panel.percent:
        figure.update_yaxes(range=[0, 102], ticksuffix=" %", ticklabelstandoff=6, **place)


def _in_order(methods: pd.Series, main_method: str) -> list[str]:
    """Method names as they first appear, the main one first."""
    names = list(dict.fromkeys(methods))
    return sorted(names, key=lambda name: name != main_method)
