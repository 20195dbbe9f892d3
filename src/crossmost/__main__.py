"""``python -m crossmost``: like ``kedro run``, with the same options; or one of the commands below.

``python -m crossmost checkpoints inspect FILE`` describes a public checkpoint;
``python -m crossmost export OUT`` writes an adapted model for use outside this project.
"""

import sys

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project


def main() -> None:
    """Entry point of the installed package; runs pipelines in a project folder (one with ``conf/``)."""
    from crossmost.commands import COMMANDS  # here, because models are slow to import and `kedro run` may not need them

    command = COMMANDS.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if command is not None:
        command(args=sys.argv[2:], prog_name=f"crossmost {sys.argv[1]}")
        return
    configure_project("crossmost")
    find_run_command("crossmost")()


if __name__ == "__main__":
    main()
