"""The towers, the joint model over them, and their checkpoints."""
