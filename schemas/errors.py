"""What is wrong with a table, a schema or a value that should follow one."""


class SchemaError(ValueError):
    """A contract is broken; the text names the place (``file:line`` if any) and what is right."""
