"""Settings for an unlabeled collection: which runs to try, and how to compare them without labels."""

from crossmost.tuning.candidates import grid_changes, with_changes
from crossmost.tuning.criteria import CRITERIA, label_free_criteria
from crossmost.tuning.search import Target, choice, compare_settings

__all__ = ["CRITERIA", "Target", "choice", "compare_settings", "grid_changes", "label_free_criteria", "with_changes"]
