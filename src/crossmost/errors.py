"""Errors meant for users: each message says what is wrong, where, and what to do next."""


class CrossmostError(Exception):
    """Base of every error a user can act on; shown without a stack trace."""


class UnreadableObjectError(CrossmostError):
    """One object cannot be used; it is quarantined with this reason and the run goes on."""


class MissingInputError(CrossmostError):
    """Something a stage needs is not there; the message names the command or file that provides it."""
