"""Runs with different settings, compared without labels; what is done is kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from crossmost.collection import Collection
from crossmost.models.joint import JointModel
from crossmost.models.scoring import (
    fusion_from_scores,
    predictions_from_scores,
    require_stored_points,
    score_collection,
)
from crossmost.progress import track
from crossmost.scores import Scores
from crossmost.selftraining.resume import remove_finished, run_fingerprint
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.trainer import self_train
from crossmost.shards import code_fingerprint, fingerprint
from crossmost.splits import ADAPT
from crossmost.tuning.candidates import Changes, with_changes
from crossmost.tuning.criteria import label_free_criteria


@dataclass(frozen=True)
class Target:
    """What settings are tried on.

    Attributes:
        start: makes the zero-shot model, which every run begins with and changes.
        data: the objects to adapt to.
        reference: zero-shot scores of (at least) these objects.
        transductive: scores of the transductive head for them.
        image_mean, image_std: normalization of the image tower.
        n_points, batch_size: of scoring.
    """

    start: Callable[[], JointModel]
    data: Collection
    reference: Scores
    transductive: Scores
    image_mean: tuple[float, ...]
    image_std: tuple[float, ...]
    n_points: int
    batch_size: int


def compare_settings(
    target: Target,
    settings: SelfTrainingSettings,
    candidates: Sequence[Changes],
    *,
    seeds: Sequence[int],
    criterion: str,
    scratch: Path,
) -> pd.DataFrame:
    """Self-train with every candidate and every seed.

    Args:
        settings: what candidates change.
        criterion: of `criteria.CRITERIA`; the best candidate comes first.
        scratch: folder in which finished runs are kept, and unfinished ones continue from. A run that was made with the
            same objects, weights, settings and code is not made again.

    Returns:
        One row per candidate: `candidate`, its place in the list; its changes; each criterion's mean over seeds; and
        `spread`, the standard deviation of the chosen one (NaN for a single seed).
    """
    runs = [(number, seed) for number in range(len(candidates)) for seed in seeds]
    settings_of = [with_changes(settings, changes) for changes in candidates]  # all are checked before the first run
    for candidate in settings_of:
        require_stored_points(candidate.n_points, target.data.clouds.shape[1], "n_points of tuning.grid")
    made = []
    for number, seed in track(runs, "comparing settings", len(runs), "runs"):
        changed = settings_of[number].model_copy(update={"seed": seed, "snapshots": 0})
        made.append({"candidate": number} | _criteria_of_run(target, changed, scratch))
    of_candidate = pd.DataFrame(made).groupby("candidate", as_index=False)
    table = of_candidate.mean().assign(spread=of_candidate[criterion].std()[criterion])
    for place, name in enumerate(candidates[0], start=1):
        table.insert(place, name, [candidates[number][name] for number in table["candidate"]])
    return table.sort_values(criterion, ascending=False, kind="stable", ignore_index=True)


def choice(table: pd.DataFrame, candidates: Sequence[Changes], criterion: str) -> dict[str, Any]:
    """The first candidate of `compare_settings` and how far ahead it is.

    Returns:
        `changes`, `criterion`, `value`, and `lead` over the second one.
    """
    values = table[criterion].tolist()
    changes = candidates[int(table["candidate"].iloc[0])]
    return {"changes": changes, "criterion": criterion, "value": values[0], "lead": values[0] - values[1]}


def _criteria_of_run(target: Target, settings: SelfTrainingSettings, scratch: Path) -> dict[str, float]:
    """Criteria of one run, from scratch if it was made before."""
    model, fusion = target.start(), fusion_from_scores(target.reference)
    transductive = None
    if settings.pseudo_labels.transductive_epochs > 0:
        transductive = predictions_from_scores(target.transductive, target.data.object_ids)
    run = run_fingerprint(
        model,
        target.data,
        settings,
        image_mean=target.image_mean,
        image_std=target.image_std,
        fusion=fusion,
        transductive=transductive,
    )
    scored_by = fingerprint(run, target.n_points, target.batch_size, code_fingerprint("crossmost.tuning"))
    kept = scratch / f"{scored_by[:32]}.json"
    if kept.is_file():
        known: dict[str, float] = json.loads(kept.read_text())
        return known
    result = self_train(
        model,
        target.data,
        settings,
        image_mean=target.image_mean,
        image_std=target.image_std,
        fusion=fusion,
        transductive=transductive,
        scratch=scratch,
        title="self-training",
    )
    adapted = target.start()  # anew: training may have been in another precision
    adapted.load_state_dict(result.teacher)
    scored = score_collection(
        adapted,
        target.data,
        dict.fromkeys(target.data.object_ids, ADAPT),
        method="candidate",
        image_mean=target.image_mean,
        image_std=target.image_std,
        n_points=target.n_points,
        batch_size=target.batch_size,
        reliability=fusion.reliability,
        keep_embeddings=False,
    )
    found = label_free_criteria(scored.scores, target.reference)
    scratch.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(".partial")
    partial.write_text(json.dumps(found))
    partial.replace(kept)
    remove_finished(scratch)
    return found
