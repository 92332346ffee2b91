"""Readers of the record topics that make reports; walled off from the pipeline."""
