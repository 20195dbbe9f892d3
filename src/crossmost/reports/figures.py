"""Accuracy figures: before and after by method, by class, and as confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from crossmost.reports.names import SPLIT_NAMES, VIEW_NAMES, method_color, method_name, plain

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
GAIN_COLOR = "#2f9e5f"
LOSS_COLOR = "#d0504a"
HEAT_SCALE = [[0.0, "rgba(63,127,220,0)"], [1.0, "rgba(63,127,220,1)"]]
Z_95 = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""
MOST_CONFUSED = 60
"""Classes of a confusion matrix that can still be read."""
MOST_CLASSES = 30
"""More classes than this do not fit one figure: the ones that changed most are shown."""


def styled(figure: go.Figure, *, height: int, top: int = 44) -> go.Figure:
    """Common look: transparent, small margins, legend on top (in `top` pixels); colors of text and grid: the page's."""
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13},
        margin={"l": 48, "r": 12, "t": top, "b": 40},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "xanchor": "left", "itemwidth": 30},
        height=height,
        bargap=0.25,
    )
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(automargin=True, title_font_size=13)
    return figure


def splits_in(metrics: Mapping[str, Any]) -> list[str]:
    """Splits that were evaluated, held-out objects first."""
    return [split for split in SPLIT_NAMES if any(split in m for m in metrics["methods"].values())]


def is_labeled(metrics: Mapping[str, Any]) -> bool:
    """Whether metrics.json holds accuracies (and not only confidences)."""
    values = (v for m in metrics["methods"].values() for views in m.values() for v in views.values())
    return any("top1" in value for value in values)


def accuracy_figure(metrics: Mapping[str, Any], splits: Sequence[str] | None = None) -> go.Figure:
    """Bars of accuracy (or, without labels, of mean confidence) by view and method, one panel per split.

    Accuracies carry 95 % Wilson intervals over the objects: how far they would move on other objects of this
    kind.
    """
    splits = splits_in(metrics) if splits is None else splits
    quantity = "top1" if is_labeled(metrics) else "confidence"
    titles = [f"{SPLIT_NAMES[split]} (n = {metrics[f'n_{split}']})" for split in splits] if len(splits) > 1 else None
    figure = make_subplots(rows=1, cols=max(len(splits), 1), subplot_titles=titles, shared_yaxes=True)
    for column, split in enumerate(splits, start=1):
        n = metrics[f"n_{split}"]
        for position, (method, by_split) in enumerate(metrics["methods"].items()):
            by_view = by_split.get(split, {})
            views = [view for view in VIEW_NAMES if view in by_view]
            values = np.array([by_view[view][quantity] for view in views])
            low, high = wilson_interval(values, n)
            error = {
                "type": "data",
                "symmetric": False,
                "array": 100 * (high - values),
                "arrayminus": 100 * (values - low),
                "thickness": 1.2,
                "width": 3,
                "color": "rgba(128,128,128,0.9)",
            }
            figure.add_trace(
                go.Bar(
                    name=plain(method_name(method)),
                    legendgroup=method,
                    showlegend=column == 1,
                    x=[VIEW_NAMES[view] for view in views],
                    y=100 * values,
                    error_y=error if quantity == "top1" else None,
                    marker_color=method_color(method, position),
                    texttemplate="%{y:.0f}",
                    textposition="inside",
                    insidetextanchor="start",
                    textangle=0,
                    hovertemplate="%{x}: %{y:.1f} %<extra>%{fullData.name}</extra>",
                ),
                row=1,
                col=column,
            )
    figure.update_yaxes(range=[0, 100], ticksuffix=" %")
    return styled(figure, height=340)


def wilson_interval(share: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """95 % Wilson score interval of a share observed on n objects; (low, high), both shaped like `share`."""
    if n == 0:
        return share, share
    center = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * np.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    return np.minimum(center - half, share).clip(0), np.maximum(center + half, share).clip(None, 1)


def per_class_figure(
    per_class: pd.DataFrame,
    *,
    before: str = "zeroshot",
    after: str = "crossmost",
    view: str = "joint",
    splits: Sequence[str] | None = None,
) -> go.Figure:
    """Accuracy of each class before and after, joined by a line; classes sorted by gain, one panel per split."""
    tables = {
        split: _class_changes(per_class, split, view, before, after)
        for split in (SPLIT_NAMES if splits is None else splits)
    }
    tables = {split: table for split, table in tables.items() if len(table)}
    titles = [SPLIT_NAMES[split] for split in tables] if len(tables) > 1 else None
    figure = make_subplots(rows=1, cols=max(len(tables), 1), subplot_titles=titles, horizontal_spacing=0.2)
    tallest = max((len(table) for table in tables.values()), default=1)
    for column, table in enumerate(tables.values(), start=1):
        names = [f"{plain(row.class_name)} ({row.n})" for row in table.itertuples()]
        for color, rows in ((GAIN_COLOR, table["gain"] > 0), (LOSS_COLOR, table["gain"] < 0)):
            x: list[float | None] = []
            y: list[str | None] = []
            for name, row, shown in zip(names, table.to_dict("records"), rows, strict=True):
                if shown:
                    x += [100 * row["before"], 100 * row["after"], None]
                    y += [name, name, None]
            figure.add_trace(
                go.Scatter(
                    x=x, y=y, mode="lines", line={"color": color, "width": 4}, hoverinfo="skip", showlegend=False
                ),
                row=1,
                col=column,
            )
        for method, which, size in ((before, "before", 9), (after, "after", 12)):
            figure.add_trace(
                go.Scatter(
                    name=plain(method_name(method)),
                    legendgroup=method,
                    showlegend=column == 1,
                    x=100 * table[which],
                    y=names,
                    mode="markers",
                    marker={"size": size, "color": method_color(method, 0)},
                    hovertemplate="%{y}: %{x:.0f} %<extra>%{fullData.name}</extra>",
                ),
                row=1,
                col=column,
            )
        figure.update_yaxes(categoryorder="array", categoryarray=names, row=1, col=column)
    figure.update_xaxes(range=[-3, 103], ticksuffix=" %")
    return styled(figure, height=120 + 24 * tallest)


def _class_changes(per_class: pd.DataFrame, split: str, view: str, before: str, after: str) -> pd.DataFrame:
    """`class_name, n, before, after, gain` of the classes that changed most, the largest gain last."""
    rows = per_class[(per_class["split"] == split) & (per_class["view"] == view)]
    table = rows[rows["method"] == before][["class_name", "n", "top1"]].rename(columns={"top1": "before"})
    after_rows = rows[rows["method"] == after][["class_name", "top1"]].rename(columns={"top1": "after"})
    table = table.merge(after_rows, on="class_name")
    table["gain"] = table["after"] - table["before"]
    if len(table) > MOST_CLASSES:
        table = table.loc[table["gain"].abs().sort_values().index[-MOST_CLASSES:]]
    return table.sort_values(["gain", "after"], ignore_index=True)


def confusion_figure(
    confusion: pd.DataFrame,
    class_names: Sequence[str],
    *,
    split: str,
    methods: Sequence[str] = ("zeroshot", "crossmost"),
    view: str = "joint",
) -> go.Figure:
    """Confusion matrices side by side, one per method: true class in rows, color the share of its objects.

    Of more than `MOST_CONFUSED` classes those are shown that were most often taken for others, or others for them.
    """
    of_view = confusion[confusion["method"].isin(methods) & (confusion["split"] == split) & (confusion["view"] == view)]
    shown = most_confused(of_view, class_names)
    names = [plain(name) for name in shown]
    titles = [plain(method_name(method)) for method in methods] if len(methods) > 1 else None
    figure = make_subplots(rows=1, cols=len(methods), subplot_titles=titles, horizontal_spacing=0.12)
    for column, method in enumerate(methods, start=1):
        rows = of_view[of_view["method"] == method]
        of_class = rows.groupby("true_class")["count"].sum().reindex(shown, fill_value=0).to_numpy()
        counts = (
            rows[rows["true_class"].isin(shown) & rows["predicted_class"].isin(shown)]
            .pivot(index="true_class", columns="predicted_class", values="count")
            .reindex(index=shown, columns=shown, fill_value=0)
            .fillna(0)
            .to_numpy(dtype=np.int64)
        )  # (C, C)
        shares = counts / np.maximum(of_class[:, None], 1)
        show_counts = len(names) <= 20
        figure.add_trace(
            go.Heatmap(
                x=names,
                y=names,
                z=100 * shares,
                text=[[str(count) if count else "" for count in row] for row in counts],
                texttemplate="%{text}" if show_counts else None,
                customdata=counts,
                zmin=0,
                zmax=100,
                colorscale=HEAT_SCALE,
                showscale=False,
                xgap=1,
                ygap=1,
                hovertemplate="%{y} taken for %{x}: %{customdata} objects, %{z:.0f} %<extra></extra>",
            ),
            row=1,
            col=column,
        )
    figure.update_xaxes(tickangle=-60, constrain="domain", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, zeroline=False)
    return styled(figure, height=max(400, 110 + 20 * len(names)), top=44 if titles else 14)


def most_confused(confusion: pd.DataFrame, class_names: Sequence[str]) -> list[str]:
    """All classes in their order, or the `MOST_CONFUSED` with most wrong predictions of or as them.

    Args:
        confusion: `true_class, predicted_class, count`.
        class_names: C names.
    """
    wrong = confusion[confusion["true_class"] != confusion["predicted_class"]]
    mistakes = pd.Series(0, index=list(class_names))
    for column in ("true_class", "predicted_class"):
        mistakes = mistakes.add(wrong.groupby(column)["count"].sum(), fill_value=0)
    return leading(class_names, mistakes.reindex(list(class_names)).to_numpy(), MOST_CONFUSED)


def leading(class_names: Sequence[str], values: np.ndarray, most: int) -> list[str]:
    """The classes, in their order, or so many of them with the largest values (C,); of equal ones the first."""
    chosen = np.sort(np.argsort(-values, kind="stable")[:most])
    return [class_names[number] for number in chosen]
