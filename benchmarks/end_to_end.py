"""Seconds of every stage of `make selftrain`, of this checkout and, if wanted, of another one beside it.

    python -m benchmarks.end_to_end
    python -m benchmarks.end_to_end --checkout ../before --json end_to_end.json

Every stage is a process of its own, `kedro run --pipelines=…`, as `dvc repro` starts them; the time in which Kedro,
PyTorch and the configuration are loaded is also given alone. Raw data are those of this checkout, mini encoders each
one's own; results go to a temporary folder. Checkouts take turns, stage by stage, with the same interpreter.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.timing import machine

STAGES = ("ingestion", "rendering", "zeroshot", "selftraining", "evaluation", "reporting")
PROJECT = Path(__file__).parents[1]
ENCODERS = "06_models/mini_encoders"
_WORK = re.compile(r"execution completed successfully\s+in\s+([\d.]+)\s+sec")


def run_python(checkout: Path, *arguments: str) -> str:
    """What Python prints with the code of a checkout, Kedro's messages included; ends all if it fails."""
    logging = PROJECT / "conf/logging_verbose.yml"
    variables = {"PYTHONPATH": str(checkout / "src"), "KEDRO_LOGGING_CONFIG": str(logging), "COLUMNS": "200"}
    command, environment = [sys.executable, *arguments], os.environ | variables
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed in {checkout}:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def time_stage(checkout: Path, stage: str, env: str, data: Path) -> dict[str, float]:
    """Seconds of one stage, and how many of them are not its nodes'."""
    parameters = f"data_root={data},raw_root={PROJECT / 'data/01_raw'}"
    arguments = ("-m", "kedro", "run", f"--pipelines={stage}", f"--env={env}", f"--params={parameters}")
    started = time.perf_counter()
    printed = run_python(checkout, *arguments)
    seconds = time.perf_counter() - started
    work = _WORK.search(printed)
    if work is None:
        raise SystemExit(f"Kedro does not say how long {stage} took in {checkout}:\n{printed[-3000:]}")
    return {"seconds": seconds, "start_up": seconds - float(work[1])}


def run_stages(checkouts: dict[str, Path], env: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One row for each stage and version, and each version's metrics.json; everything from raw data on."""
    with tempfile.TemporaryDirectory() as temporary:
        data = {name: Path(temporary) / name for name in checkouts}
        for name, checkout in checkouts.items():
            found = Path(run_python(checkout, "-c", "import crossmost; print(crossmost.__file__)").strip())
            if not found.resolve().is_relative_to(checkout.resolve()):
                raise SystemExit(f"Python takes {found} in place of the code in {checkout}")
            # Some environments look for encoders among their results.
            shutil.copytree(checkout / "data" / ENCODERS, data[name] / ENCODERS)
        rows = [
            {"version": name, "stage": stage, **time_stage(checkout, stage, env, data[name])}
            for stage in STAGES
            for name, checkout in checkouts.items()
        ]
        files = {name: folder / "08_reporting/metrics.json" for name, folder in data.items()}
        if missing := [str(checkouts[name]) for name, file in files.items() if not file.is_file()]:
            raise SystemExit(f"no metrics.json from {', '.join(missing)}: these are not the times of whole runs")
        return rows, {name: json.loads(file.read_text()) for name, file in files.items()}


def report(rows: pd.DataFrame, console: Console) -> None:
    """Medians over rounds, a row for each stage and their sum, columns by version."""
    versions = list(rows["version"].unique())
    medians = rows.groupby(["stage", "version"])[["seconds", "start_up"]].median().unstack("version")
    medians = medians.loc[list(STAGES)]
    medians.loc["all"] = medians.sum()
    table = Table("stage", *(title for name in versions for title in (f"{name}, s", "start-up, s")))
    for stage, cells in medians.iterrows():
        table.add_row(str(stage), *(f"{cells[key, name]:.1f}" for name in versions for key in ("seconds", "start_up")))
    share = medians["start_up"] / medians["seconds"]
    table.add_row("Kedro's start-up", *(cell for name in versions for cell in ("", f"{share.loc['all', name]:.0%}")))
    console.print(table)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="base", help="Kedro environment")
    parser.add_argument("--checkout", type=Path, help="also time this checkout of the project, e.g. an older commit")
    parser.add_argument("--repeats", type=int, default=1, help="rounds, each from raw data on")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()
    checkouts = {"this": PROJECT} | ({"other": arguments.checkout.resolve()} if arguments.checkout else {})
    facts = machine()  # before the load is our own
    rounds = [run_stages(checkouts, arguments.env) for _ in range(arguments.repeats)]
    rows = [{"round": number, **row} for number, (found, _) in enumerate(rounds) for row in found]
    metrics = [version for _, versions in rounds for version in versions.values()]
    same = all(version == metrics[0] for version in metrics)
    console = Console(width=120)
    report(pd.DataFrame(rows), console)
    console.print(f"{arguments.env}, load {facts['load_average']} before; metrics.json the same in all runs: {same}")
    if arguments.json:
        found = {"machine": facts, "env": arguments.env, "rows": rows, "same_metrics": same}
        arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
