"""Whether new objects are prepared as those that a model was adapted to: same pictures, same clouds."""

from collections.abc import Mapping
from typing import Any

from crossmost.errors import CrossmostError


def require_same_preparation(card: Mapping[str, Any], given: Mapping[str, int]) -> None:
    """Compare parameters with what the model's card says of the objects it was adapted to.

    Args:
        card: of the model; cards of older versions say nothing.
        given: parameter → its value in this run.

    Raises:
        CrossmostError: if one differs; with the parameters to add.
    """
    wanted = {name: value for name, value in card.get("prepared", {}).items() if name in given}
    different = {name: value for name, value in wanted.items() if given[name] != value}
    if different:
        here = ", ".join(f"{name} is {given[name]}" for name in different)
        add = ",".join(f"{name}={value}" for name, value in different.items())
        raise CrossmostError(
            f"The model was adapted to objects that were prepared otherwise ({here}): add {add} to --params, as when "
            "it was adapted"
        )
