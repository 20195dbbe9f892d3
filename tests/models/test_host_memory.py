"""Memory of freed tensors is used again without the system's help. In fresh processes: a heap has a past."""

import platform
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's allocator")


def run(code: str) -> list[int]:
    """Numbers that a fresh process prints."""
    head = """
        import resource, torch
        from crossmost.models.host_memory import freed_memory_kept

        def faults():
            return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

        def resident_megabytes():
            with open("/proc/self/statm") as status:
                return int(status.read().split()[1]) * resource.getpagesize() // 2**20
    """
    program = textwrap.dedent(head) + textwrap.dedent(code)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return [int(number) for number in result.stdout.split()]


def test_a_tensor_in_the_place_of_a_larger_one_costs_no_new_pages() -> None:
    kept, returned = run("""
        torch.ones(2**10)
        for device in (torch.device("cpu"), torch.device("meta")):  # the second leaves the allocator as it is
            with freed_memory_kept(device):
                torch.ones(2**25)
                before = faults()
                torch.ones(2**24)  # 64 MB, 16,384 pages
                print(faults() - before)
    """)
    assert kept < 1000 < 10_000 < returned


def test_afterwards_memory_goes_back_to_the_system() -> None:
    before, within, after = run("""
        torch.ones(2**10)
        print(resident_megabytes())
        with freed_memory_kept(torch.device("cpu")):
            torch.ones(2**26)
            print(resident_megabytes())
        print(resident_megabytes())
    """)
    assert within > before + 200 and after < before + 100
