"""The base of every table of settings."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen table of settings that refuses keys it does not know.

    Each field has a docstring behind it (its unit, its reason), which docs/settings.md prints.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_default=True,
        # A number given as text is right in the environment; elsewhere pydantic says what it found.
        str_strip_whitespace=True,
    )
