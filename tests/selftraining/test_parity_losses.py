"""Pseudo-labels, losses and gradients of the original implementation, from given teacher and student logits."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from crossmost.models.joint import JointOutput, MaskedPass, ModalityOutput
from crossmost.selftraining.objective import self_training_losses
from crossmost.selftraining.pseudo_labels import PseudoLabels, choose_targets, make_pseudo_labels, supervision, weigh
from crossmost.selftraining.settings import SelfTrainingSettings

PARITY = Path(__file__).parents[1] / "parity"
CASES: dict[str, Any] = json.loads((PARITY / "D_losses.json").read_text())
NUMBERS = np.load(PARITY / "D_losses.npz")
LABELED = sorted(name for name in CASES if not name.startswith(("empty", "tie")))
EMPTY = ["empty_mask_baseline_pc_only", "empty_mask_combined_t0.999"]
FABRIC = Fabric(accelerator="cpu", devices=1)


def rule_of(original: dict[str, Any]) -> str:
    """Our name for the original's combination of switches."""
    if original.get("naive"):
        return "random"
    if original["agreement_pseudolabels"]:
        return "agreement"
    if original["combined_pseudolabels"]:
        return "joint"
    if original["trans_pcl_img"]:
        return "point_only"
    return "image_only" if original["trans_img_pcl"] else "separate"


def our_settings(case: dict[str, Any], defaults: SelfTrainingSettings) -> SelfTrainingSettings:
    original, arguments = case["settings"], case["args"]
    rule = rule_of(original)
    threshold = original["agreement_pseudolabels_min_thresh" if rule == "agreement" else "conf_threshold_combined"]
    masked = float(arguments["mask"])
    weights = {
        "image": float(not original["only_pc"]),
        "point": float(not original["only_image"]) * arguments["pc_loss_weight"],
        "fairness": original["w_fair_image"],
        "modeling": original["w_mim_image"] * masked,
        "alignment": original["w_align_image"] * masked,
        "cross": original["w_image_pc_align"] * float(original["image_pc_align"]) * masked,
    }
    labels = {
        "rule": rule,
        "threshold_image": original["conf_threshold_image"],
        "threshold_point": original["conf_threshold_pc"],
        "threshold_joint": threshold,
        "point_weight": original["conf_weight_pc"],
    }
    paper = {"contrast_temperature": 1.0, "contrast_negatives": "all", "image_modeling_divisor": "channels"}
    values = defaults.model_dump() | {"pseudo_labels": labels, "loss_weights": weights, "views_per_object": 1}
    return SelfTrainingSettings.model_validate(values | {"arithmetic": {**values["arithmetic"], **paper}})


def leaf(name: str) -> Tensor:
    return torch.tensor(NUMBERS[f"input/{name}"], requires_grad=True)


def student(inputs: dict[str, Tensor], with_masks: bool) -> JointOutput:
    """An output whose loss terms are the recorded ones.

    The recorded cosines cannot come from two given embeddings, so one embedding is the cosines and the other the unit
    matrix; both recorded matrices are transposes of each other, which the contrast's two directions need.
    """

    def masked(modality: str) -> MaskedPass | None:
        if not with_masks:
            return None
        alignment = inputs[f"loss_align_{modality}_tokens"].flatten()
        count = torch.tensor(len(alignment))
        return MaskedPass(torch.empty(0), inputs[f"loss_mim_{modality}"], torch.tensor(1), count, alignment, 1, 1)

    return JointOutput(
        ModalityOutput(inputs["student_image_logits"], inputs["image_pc_align_logits"], masked("image")),
        ModalityOutput(inputs["student_pc_logits"], torch.eye(16), masked("pc")),
    )


def losses_and_labels(
    name: str, defaults: SelfTrainingSettings
) -> tuple[dict[str, Tensor], PseudoLabels, dict[str, Tensor]]:
    case = CASES[name]
    settings = our_settings(case, defaults)
    image, point = (
        torch.tensor(NUMBERS[f"input/teacher_{modality}_logits"]).softmax(-1) for modality in ("image", "pc")
    )
    picked = f"{name}/picked"
    coin = torch.tensor(NUMBERS[picked] == 0) if picked in NUMBERS.files else torch.ones(16, dtype=torch.bool)
    choice = choose_targets(image, point, coin, settings.pseudo_labels)
    weights = weigh(choice, settings.pseudo_labels)
    labels = make_pseudo_labels(image, point, choice, weights)
    taught = supervision(choice, weights, settings.pseudo_labels)
    names = ("student_image_logits", "student_pc_logits", "image_pc_align_logits", "loss_mim_image", "loss_mim_pc")
    inputs = {key: leaf(key) for key in (*names, "loss_align_image_tokens", "loss_align_pc_tokens")}
    output = student(inputs, bool(case["args"]["mask"]))
    losses = self_training_losses(output, labels, taught, None, settings, FABRIC)
    return losses, labels, inputs


def test_recorded_cosine_matrices_are_transposes() -> None:
    np.testing.assert_array_equal(NUMBERS["input/image_pc_align_logits"], NUMBERS["input/pc_image_align_logits"].T)


def recorded_labels(name: str) -> dict[str, np.ndarray]:
    """What each modality is trained on in a recorded setting, under the names of `PseudoLabels`.

    The original records what each modality would say and keep by itself; where one teaches both, its own goes for both.
    """
    taught_by = {"image_only": ("image", "image"), "point_only": ("pc", "pc")}
    image, point = taught_by.get(rule_of(CASES[name]["settings"]), ("image", "pc"))
    return {
        "image_label": NUMBERS[f"{name}/pseudo_targets_{image}"],
        "point_label": NUMBERS[f"{name}/pseudo_targets_{point}"],
        "image_keep": NUMBERS[f"{name}/conf_mask_{image}"],
        "point_keep": NUMBERS[f"{name}/conf_mask_{point}"],
    }


def different_labels(name: str, labels: PseudoLabels) -> int:
    """How many labels and keep masks are not the recorded ones; labels of what agreement leaves out teach nothing."""
    recorded = recorded_labels(name)
    count = 0
    for modality in ("image", "point"):
        keep, label = recorded[f"{modality}_keep"], recorded[f"{modality}_label"]
        counts = keep if rule_of(CASES[name]["settings"]) == "agreement" else np.ones_like(keep)
        count += int((getattr(labels, f"{modality}_keep").numpy() != keep).sum())
        count += int(((getattr(labels, f"{modality}_label").numpy() != label) & counts).sum())
    return count


def expected_terms(name: str) -> dict[str, float]:
    """Recorded terms with their weights."""
    case, original, scalars = CASES[name], CASES[name]["settings"], CASES[name]["scalars"]
    masked = float(case["args"]["mask"])
    factors = {
        "image": float(not original["only_pc"]),
        "pc": float(not original["only_image"]) * case["args"]["pc_loss_weight"],
    }
    terms = dict[str, float]()
    for theirs, ours in (("image", "image"), ("pc", "point")):
        of_tower = {
            "ce": scalars[f"loss_st_{theirs}"],
            "fairness": original[f"w_fair_{theirs}"] * scalars[f"loss_fair_{theirs}"],
            "mim": masked and original[f"w_mim_{theirs}"] * scalars[f"loss_mim_{theirs}"],
            "align": masked and original[f"w_align_{theirs}"] * scalars[f"loss_align_{theirs}"],
        }
        # What the original records as "nan" is 0 here.
        terms |= {
            f"{term}_{ours}": factors[theirs] * (0 if value == "nan" else value) for term, value in of_tower.items()
        }
    is_contrasted = masked and original["image_pc_align"]
    both = (scalars["loss_pc_image_align"], scalars["loss_image_pc_align"]) if is_contrasted else ()
    return terms | {"cross": original["w_image_pc_align"] * sum(both)}


def constant_terms(name: str) -> float:
    """Two terms that one original setting adds depend on the teacher alone: numbers without a gradient."""
    scalars, original = CASES[name]["scalars"], CASES[name]["settings"]
    constant = sum(scalars[f"loss_entropy_{m}"] for m in ("image", "pc") if original[f"entropy_{m}"])
    if original["pseudolabel_agreement_loss"]:
        constant += original["w_pseudo_agree"] * scalars["pseudolabel_agreement_loss"]
    return float(constant)


def expected_gradient(name: str, key: str) -> np.ndarray:
    """Recorded gradient of the total; both directions of our contrast act on one matrix."""
    expected = NUMBERS[f"{name}/grad/{key}"]
    if key == "image_pc_align_logits":
        expected = expected + NUMBERS[f"{name}/grad/pc_image_align_logits"].T
    return expected


def gradient(value: Tensor) -> np.ndarray:
    return np.zeros_like(value.detach()) if value.grad is None else value.grad.numpy()


@pytest.mark.parametrize("name", LABELED)
def test_labels_losses_and_gradients(name: str, selftraining_settings: SelfTrainingSettings) -> None:
    losses, labels, inputs = losses_and_labels(name, selftraining_settings)
    assert different_labels(name, labels) == 0

    assert {term: loss.item() for term, loss in losses.items()} == pytest.approx(expected_terms(name), rel=1e-5)
    total = torch.stack(list(losses.values())).sum()
    assert total.item() + constant_terms(name) == pytest.approx(CASES[name]["scalars"]["loss"], rel=1e-5)

    total.backward()
    for key, value in inputs.items():
        np.testing.assert_allclose(gradient(value), expected_gradient(name, key), atol=1e-6, err_msg=key)


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_kept_costs_nothing_where_the_original_stops(
    name: str, selftraining_settings: SelfTrainingSettings
) -> None:
    """Its gradients, before it stops, are those that ours go on with."""
    losses, labels, inputs = losses_and_labels(name, selftraining_settings)
    assert different_labels(name, labels) == 0
    assert not labels.point_keep.any()
    assert bool(labels.image_keep.any()) == (name == "empty_mask_baseline_pc_only")
    expected = expected_terms(name)
    assert expected["ce_point"] == 0
    assert {term: loss.item() for term, loss in losses.items()} == pytest.approx(expected, rel=1e-5)
    torch.stack(list(losses.values())).sum().backward()
    for key, value in inputs.items():
        np.testing.assert_allclose(gradient(value), expected_gradient(name, key), atol=1e-6, err_msg=key)


def test_ties_take_the_image_label_where_the_original_adds_both(selftraining_settings: SelfTrainingSettings) -> None:
    image, point = (torch.tensor(NUMBERS[f"tie/teacher_{m}_logits"]).softmax(-1) for m in ("image", "pc"))
    settings = selftraining_settings.pseudo_labels.model_copy(
        update={"rule": "joint", "point_weight": 1.0, "threshold_joint": 0.82}
    )
    choice = choose_targets(image, point, torch.ones(16, dtype=torch.bool), settings)
    labels = make_pseudo_labels(image, point, choice, weigh(choice, settings))
    tied = torch.tensor(NUMBERS["tie/conf_mask"])
    assert bool(((image.amax(-1) == 1) & (point.amax(-1) == 1))[tied].all())
    assert torch.equal(labels.image_keep, tied)
    assert torch.equal(labels.image_label[tied], image.argmax(-1)[tied])
