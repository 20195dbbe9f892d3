"""Fixtures shared by all tests."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession

import crossmost  # noqa: F401 - guards torchvision before any test module can import it

PROJECT = Path(__file__).parents[1]

# Machines that run tests are busy: a slow example is no failure.
settings.register_profile("crossmost", deadline=None)
settings.load_profile("crossmost")


@pytest.fixture(scope="session", autouse=True)
def _configured_project() -> None:
    """Make ``kedro.framework.project.pipelines`` and ``settings`` those of this project."""
    configure_project("crossmost")


@pytest.fixture
def new_session(tmp_path: Path) -> Callable[..., KedroSession]:
    """Factory of Kedro sessions whose results go to ``tmp_path``: ``new_session(env, **runtime_params)``."""

    def create(env: str, **runtime_params: object) -> KedroSession:
        parameters = {"data_root": str(tmp_path / "data"), **runtime_params}
        return KedroSession.create(PROJECT, env=env, runtime_params=parameters, save_on_close=False)

    return create
