"""Convolutional patch embedding for Vision Transformers trained from scratch (Xiao et al., NeurIPS 2021)."""

from torch import Tensor, nn


class ConvolutionalStem(nn.Sequential):
    """3×3 stride-2 convolutions with BatchNorm, then a 1×1 to the width.

    Takes the place of a ViT's patch convolution: (B, 3, H, W) → (B, width, H/patch, W/patch). A patchify ViT learns
    very slowly from a few thousand renderings; with this stem it learns in minutes.

    Args:
        width: channels of the tokens.
        channels: channels after each stride-2 convolution; their number sets the stride, 2**len(channels).
    """

    def __init__(self, width: int, channels: tuple[int, ...]) -> None:
        layers: list[nn.Module] = []
        previous = 3
        for count in channels:
            layers += [
                nn.Conv2d(previous, count, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(count),
                nn.ReLU(),
            ]
            previous = count
        layers.append(nn.Conv2d(previous, width, 1))
        super().__init__(*layers)

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images)
