"""Settings for an unlabeled collection: which runs to try, and how to compare them without labels."""

from crossmost.tuning.criteria import CRITERIA, label_free_criteria

__all__ = ["CRITERIA", "label_free_criteria"]
