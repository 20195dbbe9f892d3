"""What becomes of the memory of freed tensors on the CPU."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

import torch

# Parameters of glibc's mallopt, and what it sets them to by itself once large blocks have been freed.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_DEFAULTS = {_MMAP_MAX: 65536, _MMAP_THRESHOLD: 32 * 2**20, _TRIM_THRESHOLD: 64 * 2**20}


@contextmanager
def freed_memory_kept(device: torch.device) -> Iterator[None]:
    """While computing on a CPU, freed memory stays with the process, which soon needs as much again.

    glibc gives blocks of more than 32 MB back to the system, which fills every page with zeros before it hands it out
    again: a quarter of the time of a small batch of ViT-B/16. No value depends on it. Other C libraries are left alone.
    """
    if device.type != "cpu" or platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_MMAP_MAX, 0)
    libc.mallopt(_TRIM_THRESHOLD, -1)
    try:
        yield
    finally:
        for parameter, value in _DEFAULTS.items():
            libc.mallopt(parameter, value)
        libc.malloc_trim(0)
