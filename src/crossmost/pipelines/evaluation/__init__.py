"""Evaluation pipeline: predictions, metrics.json and its tables, pseudo-label quality."""

from crossmost.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
