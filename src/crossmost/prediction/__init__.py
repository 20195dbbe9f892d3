"""Classifying new objects with an adapted model: the table of predictions and its gallery."""

from crossmost.prediction.gallery import render_gallery
from crossmost.prediction.table import predict, spreadsheet

__all__ = ["predict", "render_gallery", "spreadsheet"]
