"""How methods, splits, views and loss terms are called and colored in figures and the report."""

from __future__ import annotations

METHOD_NAMES = {
    "zeroshot": "Zero-shot",
    "transductive": "Transductive head",
    "selftrain_separate": "Separate self-training",
    "crossmost": "Cross-MoST",
}
METHOD_COLORS = {
    "zeroshot": "#8a93a3",
    "transductive": "#2f9e77",
    "selftrain_separate": "#dd9a2b",
    "crossmost": "#3f7fdc",
}
OTHER_COLORS = ("#7a5cc7", "#4aa3b5", "#c4524e", "#5f8f2f")

VIEW_NAMES = {"image_single": "One view", "image": "All views", "point": "Points", "joint": "Joint"}
MODALITY_NAMES = {"image": "Images", "point": "Points", "joint": "Joint"}
MODALITY_COLORS = {"image": "#2a9d8f", "point": "#c2549d"}
SPLIT_NAMES = {"test": "Held-out objects", "adapt": "Adaptation objects"}
"""In order of importance: what was never adapted to comes first."""

LOSS_NAMES = {
    "ce_image": "cross-entropy, images",
    "ce_point": "cross-entropy, points",
    "fairness_image": "fairness, images",
    "fairness_point": "fairness, points",
    "mim_image": "masked modeling, images",
    "mim_point": "masked modeling, points",
    "align_image": "alignment, images",
    "align_point": "alignment, points",
    "cross": "cross-modal",
}


def method_name(method: str) -> str:
    """Name of a method as people read it."""
    return METHOD_NAMES.get(method, method.replace("_", " "))


def method_color(method: str, position: int) -> str:
    """Color of a method; methods outside the usual four take one by position."""
    return METHOD_COLORS.get(method, OTHER_COLORS[position % len(OTHER_COLORS)])


def plain(text: object) -> str:
    """Text that plotly shows as it is: its labels understand some HTML, and class names come from users."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
