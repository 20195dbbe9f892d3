"""Figures and the self-contained HTML report."""

from crossmost.reports.figures import accuracy_figure, confusion_figure, per_class_figure
from crossmost.reports.gallery import choose_objects, make_exhibits, read_media
from crossmost.reports.html import ReportContent, render_report
from crossmost.reports.training_figures import training_figure

__all__ = [
    "ReportContent",
    "accuracy_figure",
    "choose_objects",
    "confusion_figure",
    "make_exhibits",
    "per_class_figure",
    "read_media",
    "render_report",
    "training_figure",
]
