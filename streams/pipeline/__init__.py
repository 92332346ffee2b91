"""Datagrams to records: pure, with time as an argument (``step``, ``advance``)."""
