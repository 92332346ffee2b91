"""Readers of the record topics that deliver them; walled off from the pipeline."""
