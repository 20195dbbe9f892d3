"""Aligning the three encoders on captioned shapes (ULIP, Xue et al., CVPR 2023)."""
