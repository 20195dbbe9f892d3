"""Classifying new objects with an adapted model: the table of predictions and its gallery."""

from crossmost.prediction.frame import corrected_frame
from crossmost.prediction.gallery import render_gallery
from crossmost.prediction.preparation import require_same_preparation
from crossmost.prediction.table import predict, spreadsheet

__all__ = ["corrected_frame", "predict", "render_gallery", "require_same_preparation", "spreadsheet"]
