"""Names of the joint model's tensors in released Cross-MoST checkpoints, and back."""

from collections.abc import Mapping

from torch import Tensor

_WHOLE = {
    "image_tower.visual.proj": "image_projection",
    "point_projection": "pc_projection",
    "point_token_projection": "point_encoder.proj",
}
_PREFIXES = (("image_tower.visual.", "visual."), ("image_tower.", "visual."), ("point_tower.", "point_encoder."))
_OURS_IN_VISUAL = ("mask_token_embedding", "ln_patch.", "decoder.")


def released_name(name: str) -> str:
    """Our name of a tensor of a joint model → its released name."""
    if name in _WHOLE:
        return _WHOLE[name]
    for ours, theirs in _PREFIXES:
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return name


def from_released(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict with released names → the same tensors under ours, for ``JointModel.load_state_dict``."""
    whole = {theirs: ours for ours, theirs in _WHOLE.items()}
    renamed = {}
    for name, value in state.items():
        if name in whole:
            name = whole[name]
        elif name.startswith("visual."):
            rest = name.removeprefix("visual.")
            name = f"image_tower.{rest}" if rest.startswith(_OURS_IN_VISUAL) else f"image_tower.visual.{rest}"
        elif name.startswith("point_encoder."):
            name = f"point_tower.{name.removeprefix('point_encoder.')}"
        renamed[name] = value
    return renamed
