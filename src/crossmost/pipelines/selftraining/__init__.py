"""Self-training on the unlabeled collection."""

from crossmost.pipelines.selftraining.pipeline import create_pipeline

__all__ = ["create_pipeline"]
