"""Parameters of the self-training pipeline."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from crossmost.selftraining.settings import LossWeights, PseudoLabelSettings, SelfTrainingSettings


class SeparateBaseline(BaseModel):
    """Where the single-modality baseline departs from the joint run; settings that are not given here are shared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pseudo_labels: PseudoLabelSettings
    loss_weights: LossWeights


class SelftrainingParameters(BaseModel):
    """The Cross-MoST run and its baseline."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scratch: Path = Field(description="Folder of checkpoints that an interrupted run continues from.")
    crossmost: SelfTrainingSettings
    separate: SeparateBaseline = Field(description="Single-modality self-training: no exchange between modalities.")

    def separate_settings(self) -> SelfTrainingSettings:
        """Full settings of the baseline."""
        labels = self.separate.pseudo_labels
        own = {name: getattr(labels, name) for name in labels.model_fields_set}
        shared = self.crossmost.pseudo_labels.model_copy(update=own)
        return self.crossmost.model_copy(update={"pseudo_labels": shared, "loss_weights": self.separate.loss_weights})
