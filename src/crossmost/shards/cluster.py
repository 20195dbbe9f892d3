"""Shards made by the workers of a Dask cluster in place of processes on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from distributed import Client, as_completed

from crossmost.errors import CrossmostError

CONNECT_SECONDS = 10
WAIT_SECONDS = 60
"""For the first worker, which a cluster may start when it is asked to."""

Result = TypeVar("Result")


def run_on_cluster(address: str, function: Callable[..., Result], calls: Sequence[tuple[Any, ...]]) -> Iterator[Result]:
    """Results of calls in the order in which they end; those of a worker that dies are made again by another.

    Args:
        address: of the scheduler, e.g. ``tcp://10.0.0.1:8786``.
        function: picklable; may be called twice with the same arguments.
        calls: arguments, picklable and small; the paths in them must mean the same files on every machine.

    Raises:
        CrossmostError: if the scheduler does not answer, or has no workers of one thread each (a renderer belongs to
            the thread that made it); and what the function raises.
        distributed.KilledWorker: if several workers die at the same call.
    """
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise CrossmostError(
            f"There is no Dask scheduler at {address} ({error}); start one with `dask scheduler`, or set "
            "cluster to null"
        ) from error
    with client:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=WAIT_SECONDS)
        threads = [worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()]
        if not threads or max(threads) > 1:
            found = f"has a worker of {max(threads)} threads" if threads else "has no workers"
            raise CrossmostError(
                f"The Dask scheduler at {address} {found}; start workers in the project's folder with "
                f"`dask worker {address} --nworkers auto --nthreads 1`"
            )
        futures = [client.submit(function, *call, pure=False) for call in calls]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            client.cancel(futures)
