"""One Kedro pipeline per stage: thin nodes that validate, call the domain packages, and return."""
