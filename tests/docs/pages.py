"""What the pages say: blocks of code, commands, names of files and parameters.

Every block of shell or Python code says how it is tested, in an HTML comment above it that readers do not see:

    <!-- test: run -->                                 its commands run, in order, in a copy of the project
    <!-- test: run; check make, dvc repro -->          the same, but for commands that begin with these words
    <!-- test: check -->                               too long or too far away: all names and values in it are checked
    <!-- test: tests/selftraining/test_replay.py -->   of Python code: that test executes it

Commands within a sentence or a table are checked, as are options of `kedro run` that stand alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]

SHELL = {"bash", "sh", "shell", "console"}
PROGRAMS = ("make", "kedro", "dvc", "python", "pip")
"""Inline code that begins with one of these, in `.venv/bin` or not, is a command."""

_FENCE = re.compile(r"^([ ]*)```([^\n]*)\n(.*?)^\1```[ ]*$", re.DOTALL | re.MULTILINE)
_ANNOTATION = re.compile(r"<!--\s*test:((?:(?!-->).)*)-->\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: File name.
        line: Of the opening fence, from 1.
        language: What stands behind the fence; may be empty.
        annotation: What the comment above says after "test:"; empty without one.
    """

    page: str
    line: int
    language: str
    code: str
    annotation: str

    @property
    def commands(self) -> list[str]:
        """Lines of a shell block, continuations joined, without comments of their own line."""
        lines = [line.strip() for line in self.code.replace("\\\n", " ").splitlines()]
        return [line for line in lines if line and not line.startswith("#")]

    @property
    def runs(self) -> bool:
        """Whether its commands run in a test."""
        return self.annotation.split(";")[0].strip() == "run"

    def only_checks(self, command: str) -> bool:
        """Whether this command of a block that runs is one of the exceptions."""
        exceptions = self.annotation.partition("; check ")[2].split(",")
        plain = command.removeprefix(".venv/bin/")
        return any(plain == words or plain.startswith(f"{words} ") for words in map(str.strip, exceptions) if words)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> list[Block]:
    """All fenced blocks of all pages, in order."""
    return [block for page in PAGES for block in blocks_of(page.name, page.read_text(encoding="utf-8"))]


def blocks_of(page: str, text: str) -> list[Block]:
    """The fenced blocks of one page."""
    found = []
    for match in _FENCE.finditer(text):
        before = text[: match.start()]
        annotation = _ANNOTATION.search(before)
        found.append(
            Block(
                page=page,
                line=before.count("\n") + 1,
                language=match[2].strip(),
                code=match[3],
                annotation=" ".join(annotation[1].split()) if annotation else "",
            )
        )
    return found


def inline_codes() -> list[tuple[str, str]]:
    """(page, text) of every inline code; one that is broken over two lines is joined."""
    found = []
    for page in PAGES:
        prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
        for paragraph in re.split(r"\n\s*\n", prose):
            found += [(page.name, " ".join(code.split())) for code in re.findall(r"`([^`]+)`", paragraph)]
    return found


def is_command(code: str) -> bool:
    """Whether inline code is a command to type."""
    words = code.split()
    return len(words) > 1 and words[0].removeprefix(".venv/bin/") in (*PROGRAMS, "source", "export", "cp")


def commands() -> list[tuple[str, str]]:
    """(page, command) of everything a reader may type, each once."""
    in_blocks = [(block.page, command) for block in blocks() if block.language in SHELL for command in block.commands]
    inline = [(page, code) for page, code in inline_codes() if is_command(code)]
    options = [(page, f"kedro run {code}") for page, code in inline_codes() if code.startswith(("--env", "--params"))]
    return sorted(set(in_blocks + inline + options))
