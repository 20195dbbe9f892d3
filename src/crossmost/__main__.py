"""``python -m crossmost COMMAND``: the commands of this project; options alone are those of ``kedro run``.

``python -m crossmost checkpoints inspect FILE`` describes a public checkpoint;
``python -m crossmost export OUT`` writes an adapted model for use outside this project.
"""

import sys

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project

from crossmost.parameter_names import did_you_mean

SUMMARIES = {
    "run": "run pipelines: `kedro run` with its options; --help lists them",
    "checkpoints": "checkpoints inspect FILE: what a public checkpoint is, and how to use it",
    "export": "export OUT: write an adapted model for use outside this project",
}
"""Command → what it is for; known here, because models are slow to import."""
USAGE = "\n".join(
    [
        "Usage: python -m crossmost COMMAND [OPTIONS]",
        "",
        *(f"  {name:<12} {summary}" for name, summary in SUMMARIES.items()),
        "",
        "`python -m crossmost run --pipelines=selftrain` is the whole job. Options without a command go to `run`.",
    ]
)


def main() -> None:
    """Entry point of the installed package; pipelines run in a project folder (one with ``conf/``)."""
    name, *arguments = sys.argv[1:] or [""]
    if name in ("", "-h", "--help"):
        print(USAGE)
        sys.exit(0 if name else 2)
    if name == "run" or name.startswith("-"):
        configure_project("crossmost")
        options = arguments if name == "run" else [name, *arguments]
        find_run_command("crossmost")(args=options, prog_name="crossmost run")
    elif name in SUMMARIES:
        from crossmost.commands import COMMANDS  # here, because models are slow to import

        COMMANDS[name](args=arguments, prog_name=f"crossmost {name}")
    else:
        sys.exit(f"Error: There is no command `{name}`{did_you_mean(name, SUMMARIES)}\n\n{USAGE}")


if __name__ == "__main__":
    main()
