"""The exceptions that a user is meant to read."""

from collections.abc import Iterator


class InputError(Exception):
    """Something the user gave cannot be used; the message names it and says what to do.

    ``kedro run`` prints the message alone, without a traceback.
    """


class OperatorError(InputError):
    """Something only the shop's operator can correct; customers never read the message."""


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Walk from an exception back to what caused it.

    Yields:
        The exception itself, then each one behind it.
    """
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def first_line(error: BaseException) -> str:
    """Return an error's message in one line; the error's kind where it has no words."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
