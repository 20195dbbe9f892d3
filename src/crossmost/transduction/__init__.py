"""A training-free baseline: frozen embeddings, and what unlabeled objects say about each other."""

from crossmost.transduction.head import TransductiveHead, apply_head, fit_head
from crossmost.transduction.scores import transductive_scores
from crossmost.transduction.settings import TransductionSettings

__all__ = ["TransductionSettings", "TransductiveHead", "apply_head", "fit_head", "transductive_scores"]
