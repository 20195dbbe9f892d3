"""Settings for an unlabeled collection, chosen without labels."""

from crossmost.pipelines.tuning.pipeline import create_pipeline

__all__ = ["create_pipeline"]
