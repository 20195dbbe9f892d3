"""Java `.properties` text, as catalogues of Sweet Home 3D use it."""

from __future__ import annotations

import re

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_PAIR = re.compile(r"((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


def parse_properties(content: bytes) -> dict[str, str]:
    r"""Keys and values of a properties file (ISO-8859-1, `\uXXXX` escapes, `\` continues a line, `#` and `!` comment).

    A key without a value has the value "". Of a repeated key the last value counts.
    """
    values: dict[str, str] = {}
    logical = ""
    for line in content.decode("iso-8859-1").splitlines():
        stripped = line.lstrip()
        if not logical and (not stripped or stripped[0] in "#!"):
            continue
        logical += stripped
        backslashes = len(logical) - len(logical.rstrip("\\"))
        if backslashes % 2:
            logical = logical[:-1]
            continue
        _store(logical, values)
        logical = ""
    if logical:
        _store(logical, values)
    return values


def _store(line: str, values: dict[str, str]) -> None:
    pair = _PAIR.fullmatch(line)
    if pair is not None:
        values[_unescape(pair[1])] = _unescape(pair[2])


def _unescape(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)

    return _ESCAPE.sub(replace, text)
