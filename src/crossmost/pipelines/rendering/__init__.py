"""Rendering pipeline: views and point clouds of the stored meshes."""

from crossmost.pipelines.rendering.pipeline import create_pipeline

__all__ = ["create_pipeline"]
