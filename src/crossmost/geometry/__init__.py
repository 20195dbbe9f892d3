"""Geometry of meshes and point clouds: sampling, normalization, simulated scans."""

from crossmost.geometry.clouds import plan_clouds
from crossmost.geometry.meshes import decode_mesh, decode_points
from crossmost.geometry.normalize import normalize_cloud
from crossmost.geometry.sampling import mesh_triangles, object_generator, sample_surface
from crossmost.geometry.scans import CadSettings, ScanSettings, SensorSettings, capture_cloud, simulate_scan

__all__ = [
    "CadSettings",
    "ScanSettings",
    "SensorSettings",
    "capture_cloud",
    "decode_mesh",
    "decode_points",
    "mesh_triangles",
    "normalize_cloud",
    "object_generator",
    "plan_clouds",
    "sample_surface",
    "simulate_scan",
]
