"""The rows of `benchmarks.ablation`: name → what a row changes of the default."""

from typing import Any

import yaml

from benchmarks.accuracy import PROJECT

Changes = dict[str, Any]


def _dotted(tree: Changes, prefix: str) -> Changes:
    """Nested settings → dotted keys."""
    flat: Changes = {}
    for name, value in tree.items():
        key = f"{prefix}.{name}"
        flat |= _dotted(value, key) if isinstance(value, dict) else {key: value}
    return flat


def paper_changes() -> Changes:
    """What the environment `paper` changes."""
    tree = yaml.safe_load((PROJECT / "conf/paper/parameters.yml").read_text())
    return _dotted(tree["selftraining"]["crossmost"], "crossmost")


PAPER = paper_changes()
ARITHMETIC = (
    "masked_pass",
    "image_modeling_divisor",
    "point_modeling_target",
    "point_modeling_divisor",
    "point_alignment_anchor",
    "contrast_temperature",
    "contrast_negatives",
    "mini_pointnet_statistics",
    "decay_logit_scale",
)
"""Arithmetic settings that matter on one process."""

SINGLE_CHOICES: dict[str, tuple[str, ...]] = {
    **{f"paper's {name}": (f"arithmetic.{name}",) for name in ARITHMETIC},
    "paper's weight of the contrast": ("loss_weights.cross",),
    "paper's thresholds": tuple(f"pseudo_labels.threshold_{of}" for of in ("image", "point", "joint")),
    "paper's weak image size": ("image_augmentation.resize",),
    "paper's uncropped clouds": ("point_augmentation.strong_crop",),
    "paper's scaled clouds": ("point_augmentation.renormalize",),
    "paper's stochastic depth": ("point_drop_path",),
    "paper's fill of dropped points": ("point_augmentation.strong_fill",),
    "paper's interpolation": ("image_augmentation.rand_augment_interpolation",),
    "trained classifier": ("classifier_learning_rate",),
    "adapted weights alone": ("adapted_share.image",),
    "one teacher view": ("teacher_views",),
    "published teacher decay": ("ema_init", "ema_final", "ema_warmup_steps"),
}
"""Row → settings of `crossmost` that alone are as in the environment `paper`."""

_LABELS = "crossmost.pseudo_labels."
TECHNIQUES: dict[str, Changes] = {
    "self-adaptive thresholds": {_LABELS + "weighting": "self_adaptive"},
    "soft weights": {_LABELS + "weighting": "soft"},
    "no threshold": {_LABELS + "threshold_joint": 0.0},
    "soft targets": {_LABELS + "targets": "soft"},
    "soft weights and targets": {_LABELS + "weighting": "soft", _LABELS + "targets": "soft"},
    "soft targets, self-adaptive thresholds": {_LABELS + "targets": "soft", _LABELS + "weighting": "self_adaptive"},
    "class frequencies of the joint prediction": {"crossmost.class_prior": "joint"},
    "balance": {_LABELS + "balance": True},
    "balance, class frequencies of the joint prediction": {
        _LABELS + "balance": True,
        "crossmost.class_prior": "joint",
    },
    "prototypes": {_LABELS + "prototypes": 1.0},
    "soft targets, prototypes": {_LABELS + "targets": "soft", _LABELS + "prototypes": 1.0},
    **{f"diversity {share}": {_LABELS + "diversity": share} for share in (0.25, 0.5, 1.0)},
    "soft targets, diversity 0.25": {_LABELS + "targets": "soft", _LABELS + "diversity": 0.25},
    **{
        f"first labels of the transductive head, {epochs} epochs": {_LABELS + "transductive_epochs": epochs}
        for epochs in (4, 12)
    },
    "points half-way too": {"crossmost.adapted_share.point": 0.5},
    "images three quarters": {"crossmost.adapted_share.image": 0.75},
    "half the epochs": {"crossmost.epochs": 12},
    "all labeling techniques": {
        _LABELS + "weighting": "soft",
        _LABELS + "targets": "soft",
        _LABELS + "diversity": 0.25,
        _LABELS + "balance": True,
        _LABELS + "prototypes": 1.0,
        "crossmost.class_prior": "joint",
    },
}
"""Beyond the paper (docs/method.md): what could make labels better."""

_RULE = _LABELS + "rule"
_POOLED: Changes = {_RULE: "pooled"}
PAPER_LABELS: Changes = {
    name: PAPER[name]
    for name in (
        _RULE,
        *(_LABELS + f"threshold_{of}" for of in ("image", "point", "joint")),
        _LABELS + "point_weight",
        "crossmost.teacher_views",
        "crossmost.classifier_learning_rate",
        "crossmost.adapted_share.image",
    )
}
"""Labels as the paper makes them, and its result; arithmetic, augmentation and schedule stay the default's."""

ON_PAPER_LABELS: dict[str, Changes] = {
    "several teacher views": {"crossmost.teacher_views": 4},
    "calibrated confidences": {_LABELS + "point_weight": None},
    "entropy-weighted pool": {_RULE: "entropy_weighted"},
    "pooled": _POOLED,
    "pooled, diversity 0.25": _POOLED | {_LABELS + "diversity": 0.25},
    **{
        name: TECHNIQUES[name]
        for name in (
            "self-adaptive thresholds",
            "soft weights",
            "soft targets",
            "class frequencies of the joint prediction",
            "balance",
            "prototypes",
        )
    },
    "the text's classifier": {"crossmost.classifier_learning_rate": 0.0},
    "images half-way": {"crossmost.adapted_share.image": 0.5},
}
"""Each technique alone, added to `PAPER_LABELS`; the default has those that won."""

ROWS: dict[str, Changes] = {
    "default": {},
    "paper": PAPER,
    **{
        f"rule: {rule}": {"crossmost.pseudo_labels.rule": rule}
        for rule in ("joint", "separate", "agreement", "random", "image_only", "point_only")
    },
    **{f"without {term}": {f"crossmost.loss_weights.{term}": 0.0} for term in ("fairness", "modeling", "alignment")},
    "without contrast": {"crossmost.loss_weights.cross": 0.0},
    "class frequencies of the teacher": {"crossmost.class_prior": "teacher"},
    **{
        row: {f"crossmost.{name}": PAPER[f"crossmost.{name}"] for name in names}
        for row, names in SINGLE_CHOICES.items()
    },
    **TECHNIQUES,
    "paper's labels": PAPER_LABELS,
    **{f"paper's labels + {name}": PAPER_LABELS | changes for name, changes in ON_PAPER_LABELS.items()},
}
