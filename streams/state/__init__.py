"""What a worker remembers of a partition of ``raw``, and its form in the ``state`` topic."""
