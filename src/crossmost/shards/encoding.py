"""Members of a sample to and from bytes, always the same bytes for the same value."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np


def encode_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys; NaN and infinity are refused (ValueError)."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()


def decode_json(content: bytes) -> Any:
    """The value that `encode_json` stored."""
    return json.loads(content)


def encode_array(array: np.ndarray) -> bytes:
    """An array as `.npy` bytes (C order, no pickle)."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def decode_array(content: bytes) -> np.ndarray:
    """The array that `encode_array` stored; pickled content is refused (ValueError)."""
    return np.load(io.BytesIO(content), allow_pickle=False)
