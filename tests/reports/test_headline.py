"""The headline says what happened, also when it is not what we hoped for."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from crossmost.reports.headline import Headline, answer_sentence, headline


def outcome(
    before: float, after: float, rival: float, low: float, high: float, *, image: float = 0.02, untrained: float = 0.56
) -> Headline:
    def views(joint: float) -> dict[str, Any]:
        return {"test": {view: {"top1": joint, "mean_class": joint} for view in ("image", "point", "joint")}}

    metrics = {
        "n_adapt": 200,
        "n_test": 100,
        "methods": {
            "zeroshot": views(before),
            "transductive": views(untrained),
            "selftrain_separate": views(rival),
            "crossmost": views(after),
        },
    }
    rows = [
        {"view": "image", "gain": image},
        {"view": "point", "gain": 0.1},
        {"view": "joint", "gain": after - before, "low": low, "high": high, "fixed": 12, "broken": 2, "n": 100},
    ]
    gains = pd.DataFrame(rows).assign(method="crossmost", split="test")
    return headline(metrics, gains, pd.DataFrame())


def test_gain() -> None:
    result = outcome(0.55, 0.651, 0.606, 0.03, 0.17)
    assert result.title == "Self-training raised joint accuracy on 100 held-out objects from 55.0 % to 65.1 %"
    assert result.verdict == "gain"
    text = " ".join(result.sentences)
    assert "+10.1 points (95 % interval +3.0 to +17.0 points" in text
    assert "12 fixed, 2 broken out of 100 objects" in text
    assert "Single modalities after Cross-MoST: images (all views) +2.0 points, points +10.0 points" in text
    assert "joint pseudo-labels are +4.5 points ahead" in text
    assert "Transductive head, which trains nothing, reaches 56.0 %: self-training is +9.1 points ahead" in text
    assert "worse" not in text


def test_loss_is_called_a_loss() -> None:
    result = outcome(0.6, 0.5, 0.7, -0.18, -0.02, image=-0.05)
    assert "lost" in result.title and "fell from 60.0 % to 50.0 %" in result.title
    assert result.verdict == "loss"
    text = " ".join(result.sentences)
    assert "images (all views) got worse" in text
    assert "did better: it reaches 70.0 %, +20.0 points ahead" in text
    assert "which trains nothing, did better: it reaches 56.0 %, +6.0 points ahead" in text


def test_a_change_that_may_be_chance_is_open() -> None:
    result = outcome(0.6, 0.62, 0.62, -0.03, 0.07)
    assert result.verdict == "open"
    assert "may be chance" in result.sentences[0]
    for title in (result.title, outcome(0.6, 0.58, 0.6, -0.07, 0.03).title):
        assert "went from 60.0 %" in title and "raised" not in title and "lost" not in title
    assert "does as well" in result.sentences[-2]


def test_no_change() -> None:
    assert outcome(0.6, 0.6, 0.6, -0.05, 0.05).title.startswith("Self-training left joint accuracy")


@pytest.mark.parametrize("methods", [["zeroshot"], ["crossmost"]])
def test_one_method_alone(methods: list[str]) -> None:
    results = {method: {"test": {"joint": {"top1": 0.5, "mean_class": 0.5}}} for method in methods}
    metrics = {"n_adapt": 0, "n_test": 10, "methods": results}
    gains = pd.DataFrame(columns=["method", "split", "view", "gain"])
    assert "nothing to compare" in headline(metrics, gains, pd.DataFrame()).title


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("zeroshot", "of Zero-shot: self-training changed only 4.0 %"),
        ("crossmost", "of Cross-MoST: self-training changed 4.0 %"),
    ],
)
def test_the_answer_is_named_with_its_reason(method: str, words: str) -> None:
    confidence = pd.DataFrame(
        {
            "method": ["zeroshot", "crossmost", "crossmost", "crossmost"],
            "view": ["joint", "point", "joint", "joint"],
            "split": ["adapt", "adapt", "test", "adapt"],
            "changed": [0.0, 0.5, 0.3, 0.04],
        }
    )
    (sentence,) = answer_sentence(pd.DataFrame({"answer_method": [method]}), confidence)
    assert words in sentence
    assert answer_sentence(pd.DataFrame({"object_id": ["a"]}), confidence) == []
