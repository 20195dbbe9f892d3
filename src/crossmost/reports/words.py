"""Numbers as people read them."""

from __future__ import annotations

MINUS = "\N{MINUS SIGN}"


def percent(share: float) -> str:
    """A share in [0, 1] in percent with one decimal."""
    return f"{_rounded(share):.1f} %"


def points(difference: float) -> str:
    """A difference of shares in percentage points, signed, with one decimal and without the unit."""
    return f"{_rounded(difference):+.1f}".replace("-", MINUS)


def _rounded(share: float) -> float:
    # 0.8875 - 0.85 is 0.0374999…: noise of the last bits must not decide how equal numbers are rounded.
    return round(100 * share, 6)
