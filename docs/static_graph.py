"""Build the graph as a static page that needs no network: `python docs/static_graph.py [--env ENV]` fills build/graph.

Serve it with `python -m http.server --directory build/graph`; browsers do not load it straight from disk.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PAGE = Path("build/graph")
OURS = {"graph", "screenshots"}
"""What else lies in build/; Kedro-Viz fills that folder itself."""
EXTERNAL_LINK = re.compile(r"\s*<link\s[^>]*https://[^>]*>")


def build(project: Path, environment: str) -> Path:
    """Let Kedro-Viz build its page, then take out the web font and add the one answer its page asks a server for."""
    command = [sys.executable, "-m", "kedro", "viz", "build", "--include-previews"]
    subprocess.run(command, cwd=project, env=os.environ | {"KEDRO_ENV": environment}, check=True)
    page = project / PAGE
    shutil.rmtree(page, ignore_errors=True)
    made = [path for path in (project / PAGE.parent).iterdir() if path.name not in OURS]
    page.mkdir(parents=True)
    for path in made:
        path.rename(page / path.name)
    for html in page.glob("*.html"):
        html.write_text(EXTERNAL_LINK.sub("", html.read_text(encoding="utf-8")), encoding="utf-8")
    (page / "telemetry.html").unlink(missing_ok=True)
    fsspec = {"package_name": "fsspec", "package_version": version("fsspec"), "is_compatible": True}
    answer = {"has_missing_dependencies": False, "package_compatibilities": [fsspec]}
    (page / "api/metadata").write_text(json.dumps(answer), encoding="utf-8")
    return page


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="base", help="Kedro environment whose results are previewed")
    print(f"The graph: {build(PROJECT, parser.parse_args().env)}/index.html")


if __name__ == "__main__":
    main()
