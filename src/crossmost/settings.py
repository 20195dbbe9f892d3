"""Kedro project settings."""

import warnings
from typing import Any

from crossmost.config_loader import MethodConfigLoader
from crossmost.context import CrossmostContext
from crossmost.hooks import ErrorHooks, InputHooks, LauncherHooks, ProgressHooks, ResultHooks, ScratchHooks
from crossmost.preflight import PreflightHooks

# `kedro run --pipeline=NAME` is a documented command of this project; Kedro 1.7 warns about its spelling.
warnings.filterwarnings("ignore", message="Option '--pipeline' is deprecated")
# Processes that have grown large are replaced while they work; nothing is lost, and there is nothing to do about it.
warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
# Fabric gathers tensors of several processes by a function that torch means to replace.
warnings.filterwarnings("ignore", message="torch.distributed.nn.functional.all_gather is deprecated")

HOOKS = (ErrorHooks(), PreflightHooks(), InputHooks(), LauncherHooks(), ProgressHooks(), ResultHooks(), ScratchHooks())

CONTEXT_CLASS = CrossmostContext
CONFIG_LOADER_CLASS = MethodConfigLoader
CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": "base",
    "default_run_env": "local",
    # Kedro's default drops every parameter that an environment does not repeat.
    "merge_strategy": {"parameters": "soft"},
}
