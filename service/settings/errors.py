"""What is wrong with settings, for people."""

from collections.abc import Iterable


class SettingsError(ValueError):
    """Settings that cannot be used.

    Attributes:
        lines: One for each mistake: place, key, what was found and is accepted. Never a secret.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))
