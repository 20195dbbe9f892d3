"""What happened, in words: the first thing a reader of the report sees. It says so when a method lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crossmost.evaluation import changed_share
from crossmost.reports.figures import is_labeled, splits_in
from crossmost.reports.names import method_name
from crossmost.reports.words import percent, points

BEFORE = "zeroshot"
AFTER = "crossmost"
RIVALS = {
    "selftrain_separate": ("the single-modality baseline", "joint pseudo-labels are"),
    "transductive": ("which trains nothing", "self-training is"),
}
"""Method -> what it is, and what is ahead of it if Cross-MoST is."""
SPLIT_PHRASES = {"test": "held-out objects", "adapt": "objects it adapted to"}
VIEW_PHRASES = {"image_single": "one view", "image": "images (all views)", "point": "points", "joint": "both together"}
NOTICEABLE = 0.0005
"""A difference below this, a twentieth of a point, reads as no difference."""


@dataclass(frozen=True)
class Headline:
    """The outcome of a run.

    Attributes:
        title: one sentence.
        sentences: what a careful reader needs to judge it.
        verdict: "gain", "loss" or "open" (no clear change, or nothing to measure it with).
    """

    title: str
    sentences: list[str]
    verdict: str


def headline(metrics: Mapping[str, Any], gains: pd.DataFrame, confidence: pd.DataFrame) -> Headline:
    """Sum up a run from its metrics, its gains over zero-shot and, without labels, its confidences.

    The headline speaks of the joint prediction on held-out objects, or on the adapted ones when none were
    held out.
    """
    if not is_labeled(metrics):
        return _without_labels(metrics, confidence)
    split = splits_in(metrics)[0]
    chosen = gains[(gains["method"] == AFTER) & (gains["split"] == split)]
    rows: dict[Any, Any] = chosen.set_index("view").to_dict("index")
    if "joint" not in rows:
        return Headline("There is nothing to compare: zero-shot or Cross-MoST was not evaluated.", [], "open")
    joint = rows["joint"]
    before = metrics["methods"][BEFORE][split]["joint"]["top1"]
    after = metrics["methods"][AFTER][split]["joint"]["top1"]
    where = f"{metrics[f'n_{split}']} {SPLIT_PHRASES[split]}"
    change = f"from {percent(before)} to {percent(after)}"
    may_be_chance = joint["low"] <= 0 <= joint["high"]
    sentences = [_interval_sentence(joint)]
    if abs(joint["gain"]) <= NOTICEABLE:
        title, verdict = f"Self-training left joint accuracy on {where} at {percent(after)}", "open"
    elif may_be_chance:
        title, verdict = f"Joint accuracy on {where} went {change}, which may be chance", "open"
        sentences[0] += " The interval includes zero: on this many objects the change may be chance."
    elif joint["gain"] > 0:
        title, verdict = f"Self-training raised joint accuracy on {where} {change}", "gain"
    else:
        title, verdict = f"Self-training lost: joint accuracy on {where} fell {change}", "loss"
    sentences.append(_by_view_sentence(rows))
    for rival in RIVALS:
        sentences += _rival_sentence(metrics, split, rival)
    return Headline(title, sentences, verdict)


def answer_sentence(predictions: pd.DataFrame, confidence: pd.DataFrame) -> list[str]:
    """Whose joint prediction is the answer, and why; empty if none was chosen.

    Args:
        predictions: see `predictions_table`.
        confidence: see `confidence_table`.
    """
    changed = changed_share(confidence)
    if changed is None or "answer_method" not in predictions or not len(predictions):
        return []
    method = predictions["answer_method"].iloc[0]
    amount = "only " if method == BEFORE else ""
    return [
        f"The answer for objects of both modalities, chosen without labels, is the joint prediction of "
        f"{method_name(method)}: self-training changed {amount}{percent(changed)} of the joint labels."
    ]


def _interval_sentence(joint: Mapping[str, Any]) -> str:
    return (
        f"That is {points(joint['gain'])} points (95 % interval {points(joint['low'])} to "
        f"{points(joint['high'])} points, over objects, one run): {joint['fixed']:.0f} fixed, "
        f"{joint['broken']:.0f} broken out of {joint['n']:.0f} objects."
    )


def _by_view_sentence(rows: Mapping[Any, Mapping[str, Any]]) -> str:
    parts = [f"{VIEW_PHRASES[view]} {points(rows[view]['gain'])} points" for view in ("image", "point") if view in rows]
    worse = [VIEW_PHRASES[view] for view in ("image", "point") if view in rows and rows[view]["gain"] < -NOTICEABLE]
    lost = f" So {' and '.join(worse)} got worse." if worse else ""
    return f"Single modalities after Cross-MoST: {', '.join(parts)}.{lost}"


def _rival_sentence(metrics: Mapping[str, Any], split: str, rival: str) -> list[str]:
    reached = metrics["methods"].get(rival, {}).get(split, {}).get("joint", {}).get("top1")
    if reached is None:
        return []
    difference = metrics["methods"][AFTER][split]["joint"]["top1"] - reached
    role, winner = RIVALS[rival]
    name = f"{method_name(rival)}, {role},"
    if difference > NOTICEABLE:
        return [f"{name} reaches {percent(reached)}: {winner} {points(difference)} points ahead."]
    if difference < -NOTICEABLE:
        return [f"{name} did better: it reaches {percent(reached)}, {points(-difference)} points ahead."]
    return [f"{name} does as well: {percent(reached)}."]


def _without_labels(metrics: Mapping[str, Any], confidence: pd.DataFrame) -> Headline:
    split = splits_in(metrics)[0]
    rows = confidence[(confidence["split"] == split) & (confidence["view"] == "joint")]
    by_method = rows.set_index("method").to_dict("index")
    if BEFORE not in by_method or AFTER not in by_method:
        return Headline("There is nothing to compare: zero-shot or Cross-MoST was not evaluated.", [], "open")
    before, after = by_method[BEFORE], by_method[AFTER]
    where = f"{metrics[f'n_{split}']} {SPLIT_PHRASES[split]}"
    return Headline(
        f"Self-training changed the label of {percent(after['changed'])} of {where}",
        [
            f"Images and points now agree on {percent(after['agreement'])} of them "
            f"({percent(before['agreement'])} before), at a mean joint confidence of "
            f"{percent(after['confidence'])} ({percent(before['confidence'])} before).",
            "This collection has no labels, so no accuracy can be given: confidence and agreement usually rise in good "
            "runs, but they also rise when both modalities learn the same mistake. Look at the objects below.",
        ],
        "open",
    )
