"""Classifying new objects with an adapted model: the table of predictions and its gallery."""

from crossmost.prediction.frame import corrected_frame
from crossmost.prediction.gallery import render_gallery, render_picture_gallery
from crossmost.prediction.pictures import predict_pictures
from crossmost.prediction.preparation import require_same_preparation
from crossmost.prediction.table import picture_spreadsheet, predict, spreadsheet, with_joint_prediction

__all__ = [
    "corrected_frame",
    "picture_spreadsheet",
    "predict",
    "predict_pictures",
    "render_gallery",
    "render_picture_gallery",
    "require_same_preparation",
    "spreadsheet",
    "with_joint_prediction",
]
