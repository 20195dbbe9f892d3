"""Settings and data of the self-training tests."""

from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.settings import CONFIG_LOADER_ARGS

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def selftraining_settings() -> SelfTrainingSettings:
    """The settings users get."""
    loader = OmegaConfigLoader(str(PROJECT / "conf"), env="base", **CONFIG_LOADER_ARGS)
    return SelfTrainingSettings.model_validate(loader["parameters"]["selftraining"]["crossmost"])
