"""The front door: command line, lab, traffic generator."""
