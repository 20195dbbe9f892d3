"""Settings and data of the self-training tests."""

from pathlib import Path

import pytest
import yaml

from crossmost.selftraining.settings import SelfTrainingSettings

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def selftraining_settings() -> SelfTrainingSettings:
    """The settings users get."""
    text = (PROJECT / "conf/base/parameters_selftraining.yml").read_text()
    return SelfTrainingSettings.model_validate(yaml.safe_load(text)["selftraining"]["crossmost"])
