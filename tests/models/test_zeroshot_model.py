"""Class names that encoders were not trained on."""

import logging
from typing import Any

import pytest

from crossmost.models.checkpoints.assembly import StartingPoint
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.zeroshot_model import zeroshot_model


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(mini_config())


def said(
    encoders: Encoders, card: dict[str, Any], class_names: list[str], caplog: pytest.LogCaptureFixture
) -> list[str]:
    with caplog.at_level(logging.WARNING):
        zeroshot_model(StartingPoint(encoders, card), class_names, ["{}"])
    return [record.getMessage() for record in caplog.records]


def test_names_that_encoders_never_saw_are_named_in_one_warning(
    encoders: Encoders, caplog: pytest.LogCaptureFixture
) -> None:
    known = {"class_names": ["chair", "street_lamp"]}
    (warning,) = said(encoders, known, ["Chair", "dragon", "street lamp", "teapot"], caplog)
    assert "know 2 class names only (chair, street_lamp)" in warning
    assert "mean nothing to them: dragon, teapot. For such names" in warning and "docs/checkpoints.md" in warning


def test_many_names_are_counted(encoders: Encoders, caplog: pytest.LogCaptureFixture) -> None:
    (warning,) = said(encoders, {"class_names": ["chair"]}, [f"thing {number}" for number in range(20)], caplog)
    assert "thing 7 and 12 more. For" in warning and "thing 8" not in warning


@pytest.mark.parametrize("card", [{}, {"class_names": ["chair", "dragon"]}])
def test_nothing_is_said_of_names_that_are_known_or_of_encoders_that_know_language(
    card: dict[str, Any], encoders: Encoders, caplog: pytest.LogCaptureFixture
) -> None:
    assert said(encoders, card, ["chair", "dragon"], caplog) == []
