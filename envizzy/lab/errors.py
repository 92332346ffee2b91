"""What can keep the front door from doing its work."""


class LabError(RuntimeError):
    """The lab cannot start or go on; the message is one line that says what to do."""
