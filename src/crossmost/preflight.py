"""What is known to fail before anything runs: settings that the machine, or other settings, cannot satisfy."""

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from crossmost.errors import CrossmostError

_RENDERING, _ZEROSHOT, _TRAINING = "params:rendering", "params:zeroshot", "params:selftraining"


class PreflightHooks:
    """Counts GPUs and points, for what the run does, before hours of preparation."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Check the settings that the run reads.

        Raises:
            CrossmostError: If there are fewer than the settings ask for.
        """
        used = pipeline.inputs()
        # Clouds that are stored already may have been made with other settings; then scoring compares.
        if {"clouds", "new_clouds"} & pipeline.all_outputs():
            _check_points(used, catalog)
        if _TRAINING in used:
            engine = catalog.load(_TRAINING).crossmost.engine
            if engine.accelerator == "cuda":
                _check_gpus(engine.devices)


def _check_points(used: set[str], catalog: CatalogProtocol) -> None:
    from crossmost.models.scoring import require_stored_points  # here, because it imports torch, which is slow

    stored = catalog.load(_RENDERING).clouds.n_points
    if _ZEROSHOT in used:
        require_stored_points(catalog.load(_ZEROSHOT).n_points, stored, "zeroshot.n_points")
    if _TRAINING in used:
        asked = catalog.load(_TRAINING).crossmost.n_points
        require_stored_points(asked, stored, "selftraining.crossmost.n_points")


def _check_gpus(asked: int) -> None:
    import torch  # here, because it is slow

    if (found := torch.cuda.device_count()) < asked:
        raise CrossmostError(
            f"selftraining.crossmost.engine asks for {asked} CUDA GPU(s), but PyTorch finds {found} on this machine: "
            "set accelerator=auto, which takes what is there, or devices to what there is"
        )
