"""The rendering pipeline: from meshes to pictures and point clouds."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.rendering.nodes import capture_clouds, render_views, report_render_quarantine


def create_pipeline() -> Pipeline:
    """Render views, capture clouds, and list the objects where that failed."""
    return Pipeline(
        [
            Node(render_views, inputs=["meshes", "params:rendering"], outputs="views", name="render_views"),
            Node(capture_clouds, inputs=["meshes", "params:rendering"], outputs="clouds", name="capture_clouds"),
            Node(
                report_render_quarantine,
                inputs=["views", "clouds", "params:rendering"],
                outputs="render_quarantine",
                name="report_render_quarantine",
            ),
        ],
        tags="rendering",
    )
