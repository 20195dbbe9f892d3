"""Ingestion: raw libraries to textured meshes, a table of objects, and labels that only evaluation may read."""

from crossmost.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
