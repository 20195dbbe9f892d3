"""Classifying new objects with an adapted model: the table of predictions and its gallery."""

from crossmost.prediction.frame import corrected_frame
from crossmost.prediction.gallery import render_gallery
from crossmost.prediction.table import predict, spreadsheet

__all__ = ["corrected_frame", "predict", "render_gallery", "spreadsheet"]
