"""Choice of the attention kernel."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel


def fastest_attention(device: torch.device) -> AbstractContextManager[None]:
    """The faster scaled-dot-product kernel for short sequences while training on ``device``.

    On CPUs in bfloat16 the plain kernel is the faster one, forward and backward, for the 65 tokens of the mini towers
    (`benchmarks/attention.py`); on GPUs PyTorch chooses well by itself.
    """
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()
