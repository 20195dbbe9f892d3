"""Pre-training of the mini encoders on procedural shapes."""

from crossmost.pipelines.pretraining.pipeline import create_pipeline

__all__ = ["create_pipeline"]
