"""Views per second of our renderer beside the usual pyrender loop, from stored meshes to PNG files.

    python -m benchmarks.rendering                          # 24 real objects, 112² and 224²
    python -m benchmarks.rendering --objects 96 --json FILE

Reads what `kedro run --pipelines=ingestion` has made. The usual loop loads a mesh file with trimesh, makes an
`OffscreenRenderer`, a scene, a light and a camera, renders view by view and deletes the renderer; a second loop keeps
its renderer. Ours is the pipeline's stage, shards written, in one process and in one per core. Cameras are the same;
the loops get them ready-made. Every variant has processes of its own, started before the clock: deleting one OpenGL
context breaks all others of its process, and Mesa reads once how many threads it may use. For the loops that is every
core, as Mesa has it by default; for ours it is one in each process.

The loops average four samples a pixel (multisampling), ours as many as supersampling squared. Their shading differs:
ours lights both sides of a face from the camera and the sky, theirs follows pyrender's metallic-roughness model and
leaves out the back faces of one-sided materials. So pictures are not compared by pixel but by silhouette, as
intersection over union.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from subprocess import PIPE
from tempfile import TemporaryDirectory
from typing import Any, Self, TypeVar

import joblib
import numpy as np
from rich.console import Console
from rich.table import Table

import crossmost.rendering.renderer as renderer_module
import crossmost.rendering.views as views_module
from benchmarks.timing import Part, Stopwatch, interleaved, machine, paired_ratio
from crossmost.geometry.meshes import decode_mesh
from crossmost.geometry.surfaces import read_drawable
from crossmost.pipelines.rendering.parameters import RenderingParameters
from crossmost.rendering import CameraRig, Renderer, camera_poses, plan_views
from crossmost.rendering.cameras import framed_projections
from crossmost.shards import SampleReference, ShardStore, ShardWork, chunk_into_shards

PROJECT = Path(__file__).parents[1]
DEFAULTS = RenderingParameters()
LOOPS = {"pyrender, a renderer per object": False, "pyrender, renderer kept": True}
"""Name → whether the renderer is kept."""
PARTS = (
    "read", "decode", "surfaces", "cameras", "context", "scene", "upload", "draw", "read back", "downsample",
    "encode", "delete", "store",
)  # fmt: skip
"""In the order of the work; the loops' `draw` holds what they upload and read back."""
SHARDS_PER_CORE = 2
WORKERS_WAIT = 3600  # seconds; longer than any other variant takes

Result = TypeVar("Result")


class PyrenderLoop:
    """The loop of `benchmarks.pyrender_loop` in a process of its own, which stays until this context ends."""

    def __init__(self, folder: Path, *, keep_renderer: bool) -> None:
        self._arguments = {"folder": str(folder), "keep_renderer": keep_renderer}

    def __enter__(self) -> Self:
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.pyrender_loop"]
        self._process = subprocess.Popen(command, cwd=PROJECT, stdin=PIPE, stdout=PIPE, text=True)
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()

    def __call__(self, **arguments: Any) -> dict[str, float]:
        """Seconds by part of a run with more arguments of `render_objects`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps({**self._arguments, **arguments}), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the pyrender loop has ended; its error is printed above")
        return dict(json.loads(answer))


def write_mesh_file(item: SampleReference, rig: CameraRig, folder: Path) -> None:
    """A stored mesh as a file of its own, with the cameras that ours would use."""
    stored = item.load()
    (folder / f"{item.key}.glb").write_bytes(stored.members["glb"])
    drawable = read_drawable(decode_mesh(stored))
    to_unit_radius = np.diag([*[1 / drawable.radius] * 3, 1.0])
    to_unit_radius[:3, 3] = -drawable.center / drawable.radius
    poses = camera_poses(rig)
    projections = framed_projections(poses, drawable.vertices, rig.fill_share)
    np.savez(folder / f"{item.key}.npz", to_unit_radius=to_unit_radius, poses=poses, projections=projections)


def views_work(
    items: Sequence[SampleReference], rig: CameraRig, supersampling: int, n_jobs: int, store: ShardStore
) -> ShardWork:
    """The pipeline's work for some objects of a store, in shards for every process."""
    work = plan_views(store, rig, supersampling=supersampling, views_from="render", n_jobs=n_jobs)
    per_shard = min(256, -(-len(items) // (SHARDS_PER_CORE * (joblib.cpu_count() if n_jobs == -1 else n_jobs))))
    return replace(work, jobs=chunk_into_shards(items, "views", per_shard))


def write_views(work: ShardWork) -> None:
    """Do the work in a folder that is then removed."""
    with TemporaryDirectory() as folder:
        written = work.write(folder)
        if len(failed := written.quarantine()):
            raise RuntimeError(f"ours could not draw every object:\n{failed.to_string()}")


def write_views_watched(work: ShardWork) -> dict[str, float]:
    """The same in this process: seconds by part."""
    watch = Stopwatch()
    with watch.lap(), watch.watching(our_parts()), watch.part("store"):
        write_views(work)
    return watch.laps[0]


def our_parts() -> list[Part]:
    """Functions of the stage and what they are for; what is left of a function counts without those it calls."""
    from crossmost.rendering import gl  # loads the OpenGL libraries

    return [
        ("read", SampleReference, "load"),
        ("decode", views_module, "decode_mesh"),
        ("surfaces", renderer_module, "read_drawable"),  # textures are decoded here
        ("cameras", renderer_module, "camera_poses"),
        ("cameras", renderer_module, "framed_projections"),
        ("upload", gl.Primitive, "_add_to_context"),
        ("upload", gl.Texture, "_add_to_context"),
        ("delete", gl.Primitive, "delete"),
        ("delete", gl.Texture, "delete"),
        ("draw", gl.TileRenderer, "_draw_surface"),
        ("read back", gl.TileRenderer, "draw"),  # clearing, reading, cutting into views
        ("downsample", Renderer, "render"),
        ("encode", views_module, "encode_view"),
    ]


def our_silhouettes(items: Sequence[SampleReference], rig: CameraRig) -> np.ndarray:
    """Pixels that are not background, one sample each: packed bits. No surface is pure white."""
    renderer = Renderer(supersampling=1)
    views = (view for item in items for view in renderer.render(decode_mesh(item.load()), rig))
    return np.stack([np.packbits((view != 255).any(axis=-1)) for view in views])


def graphics() -> dict[str, str]:
    """What draws."""
    from OpenGL import GL

    with renderer_module._process_graphics().context:
        names = {"gl_renderer": GL.GL_RENDERER, "gl_version": GL.GL_VERSION}
        return {name: GL.glGetString(number).decode() for name, number in names.items()}


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of silhouettes as packed bits: (…, bytes) → (…)."""
    both, either = (np.bitwise_count(bits).sum(axis=-1, dtype=np.int64) for bits in (first & second, first | second))
    return np.asarray(both / np.maximum(either, 1))


@contextmanager
def own_process() -> Iterator[Callable[..., Any]]:
    """A fresh process that stays; what is given calls a function there."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:

        def call(function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
            return pool.submit(function, *arguments, **named).result()

        yield call


class Variant:
    """Something to time; `found` has what it returned, for every repeat."""

    def __init__(self, run: Callable[[], Any]) -> None:
        self.run = run
        self.found: list[Any] = []

    def __call__(self) -> None:
        self.found.append(self.run())


def measure(
    store: ShardStore, *, n_objects: int, sizes: Sequence[int], repeats: int, seed: int = 0, all_cores: bool = True
) -> dict[str, Any]:
    """All variants on a sample of a store's meshes.

    Args:
        store: meshes.
        n_objects: size of the sample.
        sizes: widths of pictures.
        repeats: how often every variant is run; they take turns.
        seed: of the sample.
        all_cores: also ours with a process per core.

    Returns:
        Facts about the machine and the objects, rows of views per second, milliseconds per object by part, overlap of
        silhouettes with the first loop's.
    """
    stored = [item for items in store.references().values() for item in items]
    chosen = np.random.default_rng(seed).choice(len(stored), min(n_objects, len(stored)), replace=False)
    items = [stored[index] for index in sorted(chosen)]
    names = [item.key for item in items]
    speed: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    silhouettes: list[dict[str, Any]] = []
    with ExitStack() as stack:
        stack.enter_context(joblib.parallel_config("loky", idle_worker_timeout=WORKERS_WAIT))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        ours = stack.enter_context(own_process())
        loops = {name: stack.enter_context(PyrenderLoop(folder, keep_renderer=keep)) for name, keep in LOOPS.items()}
        facts = {**machine(), **{name: version(name) for name in ("trimesh", "pyrender")}, **ours(graphics)}
        for size in sizes:
            rig = DEFAULTS.views.model_copy(update={"image_size": size})
            for item in items:
                write_mesh_file(item, rig, folder)
            variants = {name: Variant(partial(loop, names=names, size=size)) for name, loop in loops.items()}
            for supersampling in (DEFAULTS.supersampling, 1):
                work = views_work(items, rig, supersampling, 1, store)
                variants[our_name(1, supersampling)] = Variant(partial(ours, write_views_watched, work))
            if all_cores:
                work = views_work(items, rig, DEFAULTS.supersampling, -1, store)
                name = our_name(joblib.cpu_count(), DEFAULTS.supersampling)
                variants[name] = Variant(partial(write_views, work))
            seconds = interleaved(variants, repeats)
            usual = next(iter(LOOPS))
            for name, taken in seconds.items():
                ratio = paired_ratio(seconds[usual], taken)
                views_per_second = rig.n_views * len(items) / statistics.median(taken)
                row = {"size": size, "variant": name, "views_per_second": views_per_second, "speed": ratio}
                speed.append({**row, "seconds": taken})
                if laps := [lap for lap in variants[name].found[1:] if lap]:
                    median = {part: statistics.median(lap.get(part, 0.0) for lap in laps) for part in PARTS}
                    milliseconds = {part: 1e3 * value / len(items) for part, value in median.items() if value}
                    parts.append({"size": size, "variant": name, "ms_per_object": milliseconds})
            loops[usual](names=names, size=size, silhouettes=str(folder / "silhouettes.npy"))
            shared = overlap(np.load(folder / "silhouettes.npy"), ours(our_silhouettes, items, rig))
            per_object = shared.reshape(len(items), rig.n_views).mean(axis=1)
            worst = items[int(per_object.argmin())].key
            found = {
                "mean": float(shared.mean()),
                "median": float(np.median(shared)),
                "lowest": float(per_object.min()),
            }
            silhouettes.append({"size": size, **found, "lowest_object": worst})
    objects = {"objects": len(items), "views": DEFAULTS.views.n_views, "seed": seed, "repeats": repeats}
    return {"machine": facts, **objects, "speed": speed, "parts": parts, "silhouettes": silhouettes}


def our_name(processes: int, supersampling: int) -> str:
    """Name of a variant of ours."""
    samples = f"{supersampling}² samples" if supersampling > 1 else "1 sample"
    return f"ours, {processes} process{'es' * (processes > 1)}, {samples}"


def report(measured: dict[str, Any]) -> None:
    """Print speed, time by part, and overlap."""
    console = Console(width=140)
    facts = measured["machine"]
    console.print(f"{facts['cpu']}, {facts['cores']} cores, load {facts['load_average']}; {facts['gl_renderer']}")
    title = f"{measured['objects']} objects, {measured['views']} views each, from stored mesh to PNG; median"
    table = Table(title=title)
    for column in ("size", "variant", "views/s", "speed, first loop = 1"):
        table.add_column(column, justify="left" if column == "variant" else "right")
    for row in measured["speed"]:
        table.add_row(str(row["size"]), row["variant"], f"{row['views_per_second']:.1f}", f"{row['speed']:.2f}")
    console.print(table)
    table = Table("part", title="milliseconds per object")
    for row in measured["parts"]:
        table.add_column(f"{row['size']}: {row['variant']}", justify="right")
    for part in PARTS:
        cells = [row["ms_per_object"].get(part) for row in measured["parts"]]
        table.add_row(part, *("" if cell is None else f"{cell:.1f}" for cell in cells))
    table.add_row("sum", *(f"{sum(row['ms_per_object'].values()):.1f}" for row in measured["parts"]))
    console.print(table)
    for row in measured["silhouettes"]:
        console.print(
            f"{row['size']}²: silhouettes overlap by {row['mean']:.3f} (median of views {row['median']:.3f}; "
            f"least {row['lowest']:.3f}, {row['lowest_object']})"
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meshes", type=Path, default=PROJECT / "data/02_intermediate/meshes", help="object store")
    parser.add_argument("--objects", type=int, default=24, help="objects to draw from it")
    parser.add_argument("--seed", type=int, default=0, help="which objects")
    parser.add_argument("--sizes", type=int, nargs="+", default=[112, 224], help="widths of pictures")
    parser.add_argument("--repeats", type=int, default=3, help="of every variant")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()
    measured = measure(
        ShardStore(arguments.meshes),
        n_objects=arguments.objects,
        sizes=arguments.sizes,
        repeats=arguments.repeats,
        seed=arguments.seed,
    )
    report(measured)
    if arguments.json:
        arguments.json.write_text(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
