"""Time of PyTorch's attention kernels at the size of the mini towers: `python -m benchmarks.attention`."""

import argparse
import json
import time

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention


def seconds(backend: SDPBackend, batch: int, heads: int, tokens: int, width: int, repeats: int = 7) -> float:
    """Best of several forward and backward passes in bfloat16."""
    query = torch.randn(batch, heads, tokens, width, dtype=torch.bfloat16, requires_grad=True)
    times = []
    with sdpa_kernel(backend):
        for _ in range(repeats):
            started = time.perf_counter()
            scaled_dot_product_attention(query, query, query).sum().backward()
            times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Print a table and, as its last line, JSON."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rows = []
    for name, tokens in (("mini towers, 65 tokens", 65), ("ViT-B/16, 197 tokens", 197)):
        fused, plain = (seconds(kind, 64, 3, tokens, 64) for kind in (SDPBackend.FLASH_ATTENTION, SDPBackend.MATH))
        rows.append({"size": name, "fused_ms": 1e3 * fused, "plain_ms": 1e3 * plain, "plain/fused": plain / fused})
        print(f"{name:24} fused {1e3 * fused:6.1f} ms   plain {1e3 * plain:6.1f} ms   ratio {plain / fused:.2f}")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
