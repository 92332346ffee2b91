"""One command that shows endpoints talking: broker, services, generator, checker, live table."""
