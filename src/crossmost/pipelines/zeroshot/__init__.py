"""Zero-shot classification: the start and the baseline."""

from crossmost.pipelines.zeroshot.pipeline import create_pipeline

__all__ = ["create_pipeline"]
