"""Prediction pipelines: classify new objects as the run answers, with one model alone, or by pictures alone."""

from crossmost.pipelines.prediction.pipeline import (
    create_crossmost_pipeline,
    create_picture_pipeline,
    create_pipeline,
    create_zeroshot_pipeline,
)

__all__ = ["create_crossmost_pipeline", "create_picture_pipeline", "create_pipeline", "create_zeroshot_pipeline"]
