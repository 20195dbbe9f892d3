"""How good the teachers along a run were, beside the label-free criteria that could have chosen one of them."""

import pandas as pd

from crossmost.evaluation.metrics import class_index_of
from crossmost.scores import SINGLE_VIEW, VIEWS


def snapshot_table(
    predictions: pd.DataFrame, log: pd.DataFrame, labels: pd.DataFrame, class_names: list[str]
) -> pd.DataFrame:
    """Accuracy of every snapshot, and which one each criterion takes.

    ``oracle`` is the most accurate on the labels of the split and view in question. It is printed to show what a
    label-free choice misses; nothing is ever chosen by it.

    Args:
        predictions: of the snapshots; epoch, object_id, split, and a column with the place of the named class in the
            class list for each view.
        log: per-step log of the run.
        labels: object_id, class_name; snapshots of unlabeled collections have no accuracy and no oracle.

    Returns:
        split, view, epoch, top1, agreement and entropy (means over the steps of that epoch; nats), and the booleans
        last, most_agreement, least_entropy, oracle.
    """
    wanted = predictions["object_id"].map(class_index_of(labels, class_names))
    parts = []
    for view in VIEWS:
        columns = [name for name in predictions if name == view or (view == SINGLE_VIEW and view in str(name))]
        right = predictions[columns].eq(wanted, axis=0).sum(axis=1).where(wanted.notna())  # of so many views
        of_epoch = right.groupby([predictions["split"], predictions["epoch"]])
        top1 = of_epoch.sum(min_count=1) / (len(columns) * of_epoch.count())
        parts.append(top1.rename("top1").reset_index().assign(view=view))
    table = pd.concat(parts)[["split", "view", "epoch", "top1"]]
    table = table.sort_values(["split", "view", "epoch"], ignore_index=True)
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
