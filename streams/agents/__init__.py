"""The Faust edge: events of ``raw`` in, records and state out, acknowledged in order."""
