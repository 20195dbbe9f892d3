"""``python -m crossmost``: like ``kedro run``, with the same options."""

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project


def main() -> None:
    """Entry point of the installed package; started in a project folder (one with ``conf/``)."""
    configure_project("crossmost")
    find_run_command("crossmost")()


if __name__ == "__main__":
    main()
