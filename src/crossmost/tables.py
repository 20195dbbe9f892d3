"""Schemas of the tables that stages hand to each other, and one check that says clearly what is wrong."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from crossmost.errors import CrossmostError

SPLITS = ("adapt", "test")
METHODS = ("zeroshot", "transductive", "selftrain_separate", "crossmost")
OBJECT_ID = r"[a-z0-9][a-z0-9_-]*"

_LOSS_COLUMNS = (
    "loss",
    "ce_image",
    "ce_point",
    "fairness_image",
    "fairness_point",
    "mim_image",
    "mim_point",
    "align_image",
    "align_point",
    "cross",
    "kept_share",
    "agreement",
    "learning_rate",
    "ema_decay",
    "teacher_entropy_image",
    "teacher_entropy_point",
)


def _object_id(*, unique: bool) -> pa.Column:
    return pa.Column(str, pa.Check.str_matches(f"^{OBJECT_ID}$"), unique=unique, coerce=True)


def _share() -> pa.Column:
    return pa.Column(float, pa.Check.in_range(0, 1), coerce=True)


OBJECTS = pa.DataFrameSchema(
    {
        "object_id": _object_id(unique=True),
        "source": pa.Column(str, coerce=True),
        "sha256": pa.Column(str, pa.Check.str_matches("^[0-9a-f]{64}$"), coerce=True),
        "split": pa.Column(str, pa.Check.isin(SPLITS), nullable=True, description="none if quarantined"),
        "duplicate_group": pa.Column(
            "int64", pa.Check.ge(-1), description="near-duplicates share one; -1 if quarantined"
        ),
        "n_vertices": pa.Column("int64", pa.Check.ge(0)),
        "n_faces": pa.Column("int64", pa.Check.ge(0)),
        "has_texture": pa.Column(bool),
        "status": pa.Column(str, pa.Check.isin(("ok", "quarantined")), coerce=True),
        "reason": pa.Column(str, nullable=True, description="why it is quarantined"),
    },
    checks=[
        pa.Check(lambda table: table["split"].notna() == (table["status"] == "ok"), name="split_iff_ok"),
        pa.Check(lambda table: table["reason"].isna() == (table["status"] == "ok"), name="reason_iff_quarantined"),
    ],
    name="objects",
)

LABELS = pa.DataFrameSchema(
    {"object_id": _object_id(unique=True), "class_name": pa.Column(str, pa.Check.str_length(min_value=1), coerce=True)},
    name="labels",
)

QUARANTINE = pa.DataFrameSchema(
    {
        "object_id": _object_id(unique=False),
        "source": pa.Column(str, coerce=True, description="as in objects; several files may have similar ids"),
        "stage": pa.Column(str, coerce=True),
        "reason": pa.Column(str, coerce=True),
    },
    name="quarantine",
)

TRAINING_LOG = pa.DataFrameSchema(
    {
        "method": pa.Column(str, pa.Check.isin(METHODS), coerce=True),
        "step": pa.Column(int, pa.Check.ge(0), coerce=True),
        "epoch": pa.Column(int, pa.Check.ge(0), coerce=True),
        **{name: pa.Column(float, nullable=True, coerce=True) for name in _LOSS_COLUMNS},
    },
    name="training_log",
)

PSEUDO_LABELS = pa.DataFrameSchema(
    {
        "method": pa.Column(str, pa.Check.isin(METHODS), coerce=True),
        "epoch": pa.Column(int, pa.Check.ge(0), coerce=True),
        "object_id": _object_id(unique=False),
        "label_image": pa.Column(int, pa.Check.ge(0), coerce=True),
        "label_point": pa.Column(int, pa.Check.ge(0), coerce=True),
        "kept_image": pa.Column(bool),
        "kept_point": pa.Column(bool),
        "confidence_image": _share(),
        "confidence_point": _share(),
    },
    name="pseudo_labels",
)

_PREDICTION = r"^(answer|[a-z_]+_(image|point|joint))"

PREDICTIONS = pa.DataFrameSchema(
    {
        "object_id": _object_id(unique=True),
        "split": pa.Column(str, pa.Check.isin(SPLITS), coerce=True),
        "answer_method": pa.Column(str, pa.Check.isin(METHODS), required=False, coerce=True),
        f"{_PREDICTION}_label$": pa.Column(str, regex=True, coerce=True),
        f"{_PREDICTION}_confidence$": pa.Column(float, pa.Check.in_range(0, 1), regex=True, coerce=True),
        f"{_PREDICTION}_top5$": pa.Column(object, regex=True),
    },
    name="predictions",
)


def check_table(schema: pa.DataFrameSchema, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the schema's types.

    Raises:
        CrossmostError: if the table breaks the schema; names the table, the columns and the first bad values.
    """
    try:
        return schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        cases = cases.drop_duplicates(["column", "check"]).head(5)
        problems = [
            f"{column if isinstance(column, str) else schema.name}: {check} (found {value!r})"
            for column, check, value in zip(cases["column"], cases["check"], cases["failure_case"], strict=True)
        ]
        raise CrossmostError(f"The table {schema.name} is not as it should be: {'; '.join(problems)}") from error
