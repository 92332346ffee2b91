"""How a totals worker ends when it must not go on."""


class StartError(Exception):
    """It cannot begin; the message is one line that says what is wrong and how to mend it."""


class Restart(Exception):  # noqa: N818 - it is a wish, not only an error
    """What a restart cures: nothing that is not delivered was committed."""
