"""Nodes of the rendering pipeline."""

import pandas as pd

from crossmost.geometry import plan_clouds
from crossmost.pipelines.rendering.parameters import RenderingParameters
from crossmost.rendering import plan_views, render_quarantine_table
from crossmost.shards import ShardStore, ShardWork


def render_views(meshes: ShardStore, params: RenderingParameters) -> ShardWork:
    """Pictures of every object, its own or from all around; done when the dataset is saved."""
    return plan_views(
        meshes,
        params.views,
        supersampling=params.supersampling,
        seed=params.seed,
        views_from=params.views_from,
        depth=params.depth_views,
        n_jobs=params.n_jobs,
        cluster=params.cluster,
    )


def capture_clouds(meshes: ShardStore, params: RenderingParameters) -> ShardWork:
    """A point cloud of every object; done when the dataset is saved."""
    settings = params.clouds.settings()
    return plan_clouds(meshes, settings, seed=params.seed, n_jobs=params.n_jobs, cluster=params.cluster)


def report_render_quarantine(views: ShardStore, clouds: ShardStore, params: RenderingParameters) -> pd.DataFrame:
    """Objects that could not be pictured or scanned, with the reason; too many of them stop the run."""
    return render_quarantine_table(views, clouds, max_share=params.max_quarantine_share)
