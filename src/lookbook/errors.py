"""The one exception that a user is meant to read."""


class InputError(Exception):
    """Something the user gave cannot be used; the message names it and says what to do.

    ``kedro run`` prints the message alone, without a traceback.
    """
