"""Compare self-training settings on procedural objects, so that no label of a reported set is touched.

    kedro run --pipelines=ingestion,rendering --env=shapes
    python -m benchmarks.tune --set crossmost.views_per_object=2 --set crossmost.learning_rate=0.0005
    python -m benchmarks.tune --methods zeroshot transductive --set zeroshot.transduction.balance=1

The target is the `shapes` environment: fresh objects of the generator, scanned like the real ones. To be as hard as
real objects, their views are made foreign (`benchmarks.corruption`) and their classes unequally frequent. Both rules
run with the same change.
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
import yaml

from benchmarks.accuracy import METHODS, Inputs, load_inputs, report, run_seed
from benchmarks.corruption import corrupt_views
from crossmost.tuning import with_changes

FOREIGN = 0.25
"""Default strength of the corruption: single views are wrong at every second object or so. At 0.1 they are nearly as
good as on clean objects: then the images have little to gain and something to lose."""


def tuning_target(inputs: Inputs, foreign: float) -> Inputs:
    """Foreign views, and a share between 15 % and all of the objects of each class."""
    rng = np.random.default_rng(1)
    share = dict(zip(inputs.class_names, rng.uniform(0.15, 1, len(inputs.class_names)), strict=True))
    rows = [row for row, name in enumerate(inputs.class_name) if rng.random() < share[name]]
    kept = inputs.collection.subset({inputs.collection.object_ids[row] for row in rows})
    return replace(
        inputs,
        collection=corrupt_views(kept, foreign, seed=0),
        duplicate_group=[inputs.duplicate_group[row] for row in rows],
        class_name=[inputs.class_name[row] for row in rows],
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="shapes", help="Kedro environment with procedural objects")
    parser.add_argument(
        "--foreign", type=float, default=FOREIGN, help="0: views as clean as in pre-training, 1: severe"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. crossmost.epochs=20")
    arguments = parser.parse_args()
    changes = {key: yaml.safe_load(value) for key, value in (item.split("=", 1) for item in arguments.set)}
    inputs = tuning_target(load_inputs(arguments.env, {}), arguments.foreign)
    before = {key: value for key, value in changes.items() if key.startswith("zeroshot.")}
    after = {key: value for key, value in changes.items() if key not in before}
    zeroshot = with_changes(inputs.zeroshot, {key.removeprefix("zeroshot."): value for key, value in before.items()})
    inputs = replace(inputs, selftraining=with_changes(inputs.selftraining, after), zeroshot=zeroshot)
    report(pd.DataFrame([row for seed in arguments.seeds for row in run_seed(inputs, seed, arguments.methods)]))


if __name__ == "__main__":
    main()
