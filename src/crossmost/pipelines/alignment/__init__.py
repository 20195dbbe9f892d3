"""Alignment pipeline: a point tower learns the space of a CLIP-like model from the user's own triplets."""

from crossmost.pipelines.alignment.pipeline import create_pipeline

__all__ = ["create_pipeline"]
