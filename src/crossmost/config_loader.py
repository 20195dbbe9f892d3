"""Configuration of a run; `--params method=paper` trains as the paper's release does, in any environment."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from kedro.config import OmegaConfigLoader
from omegaconf import DictConfig, OmegaConf

from crossmost.errors import CrossmostError
from crossmost.parameter_names import METHOD, did_you_mean

METHODS = {"default": None, "paper": "paper"}
"""Name → environment whose self-training settings it takes."""


class MethodConfigLoader(OmegaConfigLoader):
    """Kedro's loader, with the settings of a method between `conf/base` and the environment of the run.

    What was published of the method for the data set of an environment, `conf/ENVIRONMENT/method_METHOD.yml`, is read
    with it. The environment's own parameters are stronger than the method, and so is the command line.
    """

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Kedro's; the command that the report prints ends with what was given on the command line, to be repeated."""
        config = super().__getitem__(key)
        given = self.runtime_params or {}
        reporting = config.get("reporting")
        if key != "parameters" or not given or not isinstance(reporting, Mapping) or _has_command(given):
            return config
        command = f"{reporting['command']}{params_option(given)}"
        return {**config, "reporting": {**reporting, "command": command}}

    def _read_raw_config(self, key: str) -> tuple[dict[Path, DictConfig], dict[Path, DictConfig], str, str, set[Path]]:
        """Kedro's, with one more file of the base environment.

        Raises:
            CrossmostError: if there is no such method, or no such environment.
        """
        # Not for globals: they are read before errors can be shown as a plain message.
        if key != "globals":
            self._check_environment()
        base, run_env, base_path, env_path, processed_files = super()._read_raw_config(key)
        if key == "parameters" and (source := self._method_source()) is not None:
            path = Path(self.conf_source) / source / "parameters.yml"
            settings: Any = OmegaConf.load(path)
            base = {**base, path: OmegaConf.create({"selftraining": settings.selftraining})}
            published = Path(self.conf_source) / (self.env or self.default_run_env) / f"method_{source}.yml"
            if published.is_file():
                run_env = {**run_env, published: cast(DictConfig, OmegaConf.load(published))}
        return base, run_env, base_path, env_path, processed_files

    def _check_environment(self) -> None:
        conf = Path(self.conf_source)
        if self.env and conf.is_dir() and not (conf / self.env).is_dir():
            there_are = sorted(path.name for path in conf.iterdir() if path.is_dir())
            raise CrossmostError(
                f"There is no environment `{self.env}` (there are {', '.join(there_are)})"
                f"{did_you_mean(self.env, there_are)}"
            )

    def _method_source(self) -> str | None:
        name = (self.runtime_params or {}).get(METHOD, "default")
        if name not in METHODS:
            raise CrossmostError(f"There is no method {name!r}; --params method= takes {' or '.join(METHODS)}")
        return METHODS[name]


def params_option(given: Mapping[str, Any] | None) -> str:
    """End of a command that repeats parameters nested as Kedro has them: `` --params NAME=VALUE,…``, or nothing."""
    return f" --params {shlex.quote(','.join(_dotted(given)))}" if given else ""


def _has_command(given: Mapping[str, Any]) -> bool:
    return "command" in given.get("reporting", {})


def _dotted(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Nested values as `--params` takes them."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{above}{key}.")
        else:
            yield f"{above}{key}={_written(value)}"


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    return (
        {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else str(value)
    )
