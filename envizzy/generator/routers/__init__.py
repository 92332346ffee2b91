"""Simulated routers: NetFlow v5, v9 and IPFIX as real ones send it; pure but for the seed."""
