"""Pictures of meshes: camera rigs, an off-screen renderer, stored views, contact sheets."""

from crossmost.rendering.cameras import CameraRig, camera_poses
from crossmost.rendering.contact_sheets import contact_sheet
from crossmost.rendering.depth_views import DepthViewSettings, draw_depth_views
from crossmost.rendering.quarantine import render_quarantine_table
from crossmost.rendering.renderer import Renderer
from crossmost.rendering.views import ViewsFrom, decode_view, decode_views, encode_view, plan_views

__all__ = [
    "CameraRig",
    "DepthViewSettings",
    "Renderer",
    "ViewsFrom",
    "camera_poses",
    "contact_sheet",
    "decode_view",
    "decode_views",
    "draw_depth_views",
    "encode_view",
    "plan_views",
    "render_quarantine_table",
]
