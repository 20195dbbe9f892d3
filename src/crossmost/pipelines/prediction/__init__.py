"""Prediction pipeline: classify new objects with the adapted model."""

from crossmost.pipelines.prediction.pipeline import create_pipeline

__all__ = ["create_pipeline"]
