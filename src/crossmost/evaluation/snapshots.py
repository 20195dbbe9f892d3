"""How good the teachers along a run were, beside the label-free criteria that could have chosen one of them."""

import pandas as pd

from crossmost.evaluation.metrics import class_index_of


def snapshot_table(
    snapshot_scores: pd.DataFrame, log: pd.DataFrame, labels: pd.DataFrame, class_names: list[str]
) -> pd.DataFrame:
    """Accuracy of every snapshot, and which one each criterion takes.

    ``oracle`` is the most accurate on the labels of the split and view in question. It is printed to show what a
    label-free choice misses; nothing is ever chosen by it.

    Args:
        snapshot_scores: scores of the snapshots with their ``epoch``.
        log: per-step log of the run.
        labels: object_id, class_name; snapshots of unlabeled collections have no accuracy and no oracle.

    Returns:
        split, view, epoch, top1, agreement and entropy (means over the steps of that epoch; nats), and the booleans
        last, most_agreement, least_entropy, oracle.
    """
    truth = class_index_of(labels, class_names)
    predicted = snapshot_scores["probabilities"].map(lambda probabilities: int(probabilities.argmax()))
    wanted = snapshot_scores["object_id"].map(truth)
    right = (predicted == wanted).astype(float).where(wanted.notna())
    table = snapshot_scores.assign(top1=right).groupby(["split", "view", "epoch"], as_index=False)["top1"].mean()
    entropy = log["teacher_entropy_image"] + log["teacher_entropy_point"]
    by_epoch = log.assign(entropy=entropy).groupby("epoch")[["agreement", "entropy"]].mean()
    table = table.join(by_epoch, on="epoch")
    groups = table.groupby(["split", "view"])
    return table.assign(
        last=table["epoch"] == groups["epoch"].transform("max"),
        most_agreement=table["agreement"] == groups["agreement"].transform("max"),
        least_entropy=table["entropy"] == groups["entropy"].transform("min"),
        oracle=table["top1"] == groups["top1"].transform("max"),
    )
