"""The result lies between the start and the adapted weights (WiSE-FT: Wortsman et al., CVPR 2022, §3).

A few hundred unlabeled objects teach a tower less than it can forget. Weights on the line between both models keep what
the start knew and most of what was learned, at no cost when predicting.
"""

from torch import Tensor

from crossmost.selftraining.result import Weights
from crossmost.selftraining.settings import AdaptedShare


def weight_ensemble(start: Weights, adapted: Weights, share: AdaptedShare) -> Weights:
    """Weights (1 − share)·start + share·adapted, by tower; counters are those of the adapted model.

    Args:
        start, adapted: of a `JointModel`, same names.
        share: of the adapted weights, in [0, 1].
    """
    return {name: _between(start[name], value, _share_of(name, share)) for name, value in adapted.items()}


def _share_of(name: str, share: AdaptedShare) -> float:
    if name.startswith("image_tower."):
        return share.image
    if name.startswith("point_"):
        return share.point
    return share.classifier


def _between(start: Tensor, adapted: Tensor, share: float) -> Tensor:
    if not adapted.is_floating_point() or share == 1:
        return adapted
    return start.to(adapted.dtype).lerp(adapted, share)
