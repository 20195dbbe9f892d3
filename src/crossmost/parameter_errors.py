"""Why parameters are refused, in words: pydantic's findings with the names and environments that people know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from crossmost.parameter_names import did_you_mean, leaf_names, no_parameter

LONGEST_VALUE = 60


def explain(
    error: ValidationError, parameter: str, values: Mapping[str, Any], names: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """One line per finding.

    Args:
        error: what pydantic says about a parameter.
        parameter: its name, e.g. ``ingestion``.
        values: its values, as nested dictionaries.
        names: see `crossmost.parameter_names.parameter_names`.
    """
    for finding in error.errors(include_url=False):
        name = ".".join([parameter, *_keys(finding["loc"], values)])
        match finding["type"]:
            case "extra_forbidden":
                yield from _unknown(name, finding["input"], _of_stage(parameter, names))
            case "union_tag_not_found":
                yield _without_kind(name, names)
            case "union_tag_invalid":
                context = finding["ctx"]
                yield f"`{name}.kind` is {context['tag']!r}; it may be {context['expected_tags']}"
            case "model_type":
                inside = [f"`{known}`" for known in names if known.startswith(f"{name}.")]
                yield f"`{name}` is {_short(finding['input'])}, but it is a block: {' or '.join(inside[:2])} is a value"
            case _ if isinstance(finding["input"], Mapping) and not any(
                known.startswith(f"{name}.") for known in names
            ):
                yield from (no_parameter(leaf, names) for leaf in leaf_names(finding["input"], f"{name}."))
            case "missing":
                yield f"`{name}` is missing"
            case "value_error":
                yield f"`{name}`: {finding['ctx']['error']}"
            case _:
                yield f"`{name}` is {_short(finding['input'])}: {finding['msg']}"


def _keys(location: Sequence[str | int], values: Any) -> Iterator[str]:
    """Pydantic's path without what it adds to it: the kind of a block, or the branch of a union."""
    for key in location:
        if isinstance(values, Mapping):
            if key not in values and values.get("kind") == key:
                continue
            values = values.get(str(key))
        elif isinstance(values, Sequence) and not isinstance(values, str) and isinstance(key, int):
            values = values[key]
        else:
            return
        yield str(key)


def _unknown(name: str, value: Any, of_stage: Sequence[str]) -> Iterator[str]:
    """About a name that a model does not have; of a block, about each value in it."""
    for leaf in leaf_names(value, f"{name}.") if isinstance(value, Mapping) and value else [name]:
        yield f"`{leaf}` is no parameter{did_you_mean(leaf, of_stage)}"


def _of_stage(stage: str, names: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [name for name in names if name.startswith(f"{stage}.")]


def _without_kind(name: str, names: Mapping[str, tuple[str, ...]]) -> str:
    """About a block that is there only because one of its values was given."""
    environments = [f"--env={environment}" for environment in names.get(f"{name}.kind", ())]
    if not environments:
        return f"`{name}` has no `kind`{did_you_mean(name, names)}"
    return f"`{name}` belongs to another environment: add {' or '.join(environments)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
