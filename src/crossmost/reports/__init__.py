"""Figures and the self-contained HTML report."""

from crossmost.reports.content import ReportContent
from crossmost.reports.embedding_map import map_figure, map_points
from crossmost.reports.figures import accuracy_figure, confusion_figure, per_class_figure
from crossmost.reports.gallery import choose_objects, make_exhibits, read_media, read_probabilities
from crossmost.reports.html import render_report
from crossmost.reports.reliability_figures import reliability_figure
from crossmost.reports.seeds import collect_seeds
from crossmost.reports.training_figures import training_figure

__all__ = [
    "ReportContent",
    "accuracy_figure",
    "choose_objects",
    "collect_seeds",
    "confusion_figure",
    "make_exhibits",
    "map_figure",
    "map_points",
    "per_class_figure",
    "read_media",
    "read_probabilities",
    "reliability_figure",
    "render_report",
    "training_figure",
]
