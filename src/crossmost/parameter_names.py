"""Names of parameters as people write them on the command line, and what was meant where there is no such name."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from crossmost.errors import CrossmostError

METHOD = "method"
"""Chooses settings rather than being one: see `crossmost.config_loader`."""
LEAST_SIMILAR = 0.6  # to be what was meant, of 1
MOST_SUGGESTED = 3


@cache
def parameter_names(conf_source: str) -> dict[str, tuple[str, ...]]:
    """Dotted name of every parameter and block in a folder of configuration → environments whose files have it.

    Names that are read from the command line alone, such as `seed`, belong to no environment.
    """
    names: dict[str, tuple[str, ...]] = {METHOD: ()}
    for path in sorted(Path(conf_source).rglob("*.yml")):
        text = path.read_text(encoding="utf-8")
        names |= {name: () for name in re.findall(r"runtime_params:(\w+)", text) if name not in names}
        if path.name.startswith("parameters"):
            environment = path.relative_to(conf_source).parts[0]
            for name in _dotted(yaml.safe_load(text) or {}):
                names[name] = (*(other for other in names.get(name, ()) if other != environment), environment)
    return names


def refuse_unknown(runtime_params: Mapping[str, Any], names: Mapping[str, tuple[str, ...]]) -> None:
    """Check the first part of each name given on the command line; models check the rest.

    Args:
        runtime_params: as nested dictionaries.
        names: see `parameter_names`.

    Raises:
        CrossmostError: for a name that nothing reads; with what was probably meant.
    """
    unknown = leaf_names({key: value for key, value in runtime_params.items() if key not in names})
    if problems := [no_parameter(name, names) for name in unknown]:
        raise CrossmostError("\n".join(problems))


def no_parameter(name: str, names: Iterable[str]) -> str:
    """A sentence about a name that nothing reads, with what was probably meant."""
    return f"There is no parameter `{name}`{did_you_mean(name, names)}"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known ones, or nothing."""
    nearest = " or ".join(f"`{other}`" for other in nearest_names(name, names))
    return f"; did you mean {nearest}?" if nearest else ""


def nearest_names(name: str, names: Iterable[str]) -> list[str]:
    """Names that have all parts of this one, else the one that is spelt most like it; none if none is like it."""
    parts = name.split(".")
    scored = sorted((-_likeness(parts, other.split(".")), other.count("."), _rank(other), other) for other in names)
    complete = [other for score, _, _, other in scored if score == -1]
    return complete[:MOST_SUGGESTED] or [other for score, _, _, other in scored[:1] if -score >= LEAST_SIMILAR]


def _likeness(parts: list[str], known: list[str]) -> float:
    """1 for a name that leaves out parts of a known one; less for one that is spelt otherwise, whole or its end."""
    remaining = iter(known)
    if known[-1] == parts[-1] and all(part in remaining for part in parts):
        return 1.0
    written = ".".join(parts)
    candidates = {".".join(known), ".".join(known[-len(parts) :])}
    return 0.99 * max(SequenceMatcher(None, written, other).ratio() for other in candidates)


def _rank(name: str) -> int:
    """Self-training is what people change most; what is apart from the main job comes last."""
    order = ("selftraining", "zeroshot", "rendering", "ingestion", "evaluation", "reporting")
    stage = name.split(".")[0]
    return order.index(stage) if stage in order else len(order)


def leaf_names(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Dotted names of values, without those of the blocks they are in.

    Args:
        above: what all names begin with, a dot at its end.
    """
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaf_names(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def _dotted(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in values.items():
        yield f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{above}{key}.")
