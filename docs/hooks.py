"""What MkDocs runs at a build: the reference of parameters, and navigation for pages that mkdocs.yml does not name."""

import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))

from parameter_reference import parameter_reference

REFERENCE = "parameters.md"
HOW_TO = "How to"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add every page that has no place yet to the how-tos, so that a new page needs no edit of mkdocs.yml."""
    named = set(_pages(config.nav))
    others = sorted(path.name for path in Path(config.docs_dir).glob("*.md") if path.name not in named)
    section = next(entry[HOW_TO] for entry in config.nav or [] if HOW_TO in entry)
    section += others
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Generate the reference of parameters."""
    files.append(File.generated(config, REFERENCE, content=parameter_reference()))
    return files


def _pages(nav: Any) -> list[str]:
    """Every page that the navigation names."""
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav or []
    return [page for part in parts for page in _pages(part)]
