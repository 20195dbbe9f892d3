"""Prediction pipelines: classify new objects with the adapted model, with the zero-shot one, or by pictures alone."""

from crossmost.pipelines.prediction.pipeline import create_picture_pipeline, create_pipeline, create_zeroshot_pipeline

__all__ = ["create_picture_pipeline", "create_pipeline", "create_zeroshot_pipeline"]
