"""Datagrams to batches in the raw topic; looks at no octet of a payload."""
