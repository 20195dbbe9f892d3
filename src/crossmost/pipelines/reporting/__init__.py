"""Reporting pipeline: figures, contact sheets and the HTML report."""

from crossmost.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
