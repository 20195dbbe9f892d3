"""The reference of parameters as Markdown, from the pydantic models and conf/base.

MkDocs calls it at every build; `python docs/parameter_reference.py` prints it.
"""

import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from crossmost.pipelines.alignment.parameters import AlignmentParameters
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from crossmost.pipelines.ingestion.parameters import IngestionParameters
from crossmost.pipelines.prediction.parameters import PredictionParameters
from crossmost.pipelines.pretraining.parameters import PretrainingParameters
from crossmost.pipelines.rendering.parameters import RenderingParameters
from crossmost.pipelines.reporting.parameters import ReportingParameters
from crossmost.pipelines.selftraining.parameters import SelftrainingParameters
from crossmost.pipelines.tuning.parameters import TuningParameters
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters

CONF = Path(__file__).parents[1] / "conf/base"
MODELS: dict[str, type[BaseModel]] = {
    "ingestion": IngestionParameters,
    "rendering": RenderingParameters,
    "pretraining": PretrainingParameters,
    "zeroshot": ZeroshotParameters,
    "selftraining": SelftrainingParameters,
    "evaluation": EvaluationParameters,
    "reporting": ReportingParameters,
    "prediction": PredictionParameters,
    "alignment": AlignmentParameters,
    "tuning": TuningParameters,
}
INTRODUCTION = """# Parameters

Generated from the models that check them. Each stage has a file `conf/base/parameters_<stage>.yml`; environments change
single values, and so does `kedro run --params KEY=VALUE` with the dotted names below, e.g.
`kedro run --pipeline=selftrain --params selftraining.crossmost.epochs=20`. An unknown key or a value out of range is
refused by name.
"""
LONGEST = 60
"""Longer values are cut: the file has them in full."""


def parameter_reference() -> str:
    """One section per stage, one table per model."""
    parts = [INTRODUCTION]
    for stage, model in MODELS.items():
        text = (CONF / f"parameters_{stage}.yml").read_text(encoding="utf-8")
        parts.append(f"## {stage}\n\n{model.__doc__}\n")
        parts += _tables(model, stage, yaml.safe_load(text)[stage])
    return "\n".join(parts)


def _tables(model: type[BaseModel], path: str, values: Any) -> Iterator[str]:
    rows, inner = [], []
    for name, field in model.model_fields.items():
        value = values.get(name) if isinstance(values, dict) else None
        models = list(_models_in(field.annotation))
        if not models:
            default = None if field.is_required() else field.default
            shown = _value(value if isinstance(values, dict) and name in values else default)
            rows.append(f"| `{path}.{name}` | {_type(field)} | {shown} | {field.description or ''} |")
        inner += [(part, f"{path}.{name}", value) for part in models]
    if rows:
        yield "\n".join(["| parameter | type | in conf/base | meaning |", "|---|---|---|---|", *rows, ""])
    for part, where, value in inner:
        yield f"### {where}: {part.__name__}\n\n{part.__doc__}\n"
        yield from _tables(part, where, value)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models_in(part)


def _type(field: FieldInfo) -> str:
    """The type and its limits, as people write them."""
    limits = [
        f"{symbol} {getattr(limit, name)}"
        for limit in field.metadata
        for name, symbol in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))
        if getattr(limit, name, None) is not None
    ]
    return ", ".join([_name(field.annotation), *limits])


def _name(annotation: Any) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (typing.Union, types.UnionType):
        return " or ".join("null" if part is type(None) else _name(part) for part in parts)
    if origin is typing.Annotated:
        return _name(parts[0])
    if origin is not None:
        inner = ", ".join("…" if part is Ellipsis else _name(part) for part in parts)
        return f"{origin.__name__} of {inner}"
    return getattr(annotation, "__name__", str(annotation))


def _value(value: Any) -> str:
    if value is None:
        return ""
    text = str(value).replace("|", "\\|").replace("\n", " ")
    return f"`{text if len(text) <= LONGEST else text[:LONGEST] + '…'}`"


if __name__ == "__main__":
    print(parameter_reference())
