"""crossmost: classifiers for point clouds and images from unlabeled 3D objects (Cross-MoST)."""

from crossmost import torchvision_guard

__version__ = "0.1.0"

torchvision_guard.install()
