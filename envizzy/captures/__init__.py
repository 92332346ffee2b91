"""Capture files: pcap, pcapng, hex text, raw datagrams, IPFIX files, to datagrams."""

from envizzy.captures.model import Captured, CaptureError, Format, Skipped, Tally
from envizzy.captures.read import read

__all__ = ["CaptureError", "Captured", "Format", "Skipped", "Tally", "read"]
