"""Decode files without Kafka: one fresh collector for all of them."""

from envizzy.decode.collector import Collector
from envizzy.decode.model import Item, Kind, Origin
from envizzy.decode.present import json_line, readable_line

__all__ = ["Collector", "Item", "Kind", "Origin", "json_line", "readable_line"]
