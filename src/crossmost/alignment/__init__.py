"""Aligning a point tower to a CLIP-like model on triplets of the user's own (ULIP, Xue et al., CVPR 2023)."""
