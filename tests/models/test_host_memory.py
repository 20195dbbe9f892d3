"""Memory of freed tensors is used again without the system's help."""

import platform
import resource

import pytest
import torch

from crossmost.models.host_memory import freed_memory_kept

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's allocator")


def test_a_tensor_in_the_place_of_a_larger_one_costs_no_new_pages() -> None:
    with freed_memory_kept(torch.device("cpu")):
        torch.ones(2**25)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.ones(2**24)  # 64 MB, 16,384 pages
        assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 1000


def test_afterwards_memory_goes_back_to_the_system() -> None:
    before = _resident_megabytes()
    with freed_memory_kept(torch.device("cpu")):
        torch.ones(2**26)
        assert _resident_megabytes() > before + 200
    assert _resident_megabytes() < before + 100


def _resident_megabytes() -> float:
    with open("/proc/self/statm") as status:  # noqa: PTH123 - no file to read
        return int(status.read().split()[1]) * resource.getpagesize() / 2**20
