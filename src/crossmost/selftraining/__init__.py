"""Cross-modal self-training (Cross-MoST, Dharmasiri et al., 2024). Nothing here can receive a label."""
