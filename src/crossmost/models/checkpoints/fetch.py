"""Getting checkpoint files that a configuration names; the only code of the project's models that may use a network."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import open_clip
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HFValidationError

from crossmost.errors import CrossmostError, MissingInputError

HUB_PREFIX = "hf://"
_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


def locate(place: str) -> Path:
    """The local file of a path or of ``hf://OWNER/REPOSITORY/FILE``, downloaded to the hub's cache if need be.

    A folder is one that this project saved a model into; it is given back as it is.

    Raises:
        MissingInputError: if it is not there, or cannot be downloaded.
        CrossmostError: for a malformed ``hf://`` address.
    """
    if not place.startswith(HUB_PREFIX):
        path = Path(place).expanduser()
        if not path.exists():
            raise MissingInputError(f"There is no file {path}; give the path of a downloaded checkpoint, or hf://…")
        return path
    owner, _, rest = place.removeprefix(HUB_PREFIX).partition("/")
    repository, _, file = rest.partition("/")
    if not (owner and repository and file):
        raise CrossmostError(f"{place!r} is no address of a file; write hf://OWNER/REPOSITORY/FILE")
    return _download(place, lambda: hf_hub_download(f"{owner}/{repository}", file))


def fetch_pretrained(architecture: str, tag: str, known: dict[str, Any]) -> Path:
    """Weights of an open_clip tag, from its cache or the network; ``known`` is open_clip's entry of the tag."""
    return _download(f"{tag}/{architecture}", lambda: open_clip.download_pretrained(known))


def fetch_hub_model(model_id: str) -> tuple[dict[str, Any], Path]:
    """Configuration (``model_cfg``, ``preprocess_cfg``) and weights of an open_clip model on the hub.

    Raises:
        MissingInputError: if they cannot be downloaded.
    """
    name = f"hf-hub:{model_id}"
    config = _download(name, lambda: hf_hub_download(model_id, "open_clip_config.json"))
    return json.loads(config.read_text(encoding="utf-8")), _download(name, lambda: _hub_weights(model_id))


def _hub_weights(model_id: str) -> str:
    safe, pickled = _WEIGHTS
    try:
        return hf_hub_download(model_id, safe)
    except (EntryNotFoundError, OSError):
        return hf_hub_download(model_id, pickled)


def _download(name: str, download: Callable[[], str]) -> Path:
    try:
        return Path(download())
    except (HFValidationError, EntryNotFoundError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise MissingInputError(
            f"{name} is neither in the cache nor can it be downloaded ({reason[:160]}); download the file elsewhere "
            "and give its path: `point_checkpoint: PATH`, or `backbone_file: PATH` beside `backbone`"
        ) from error
