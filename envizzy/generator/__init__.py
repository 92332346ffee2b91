"""Realistic nvzFlow endpoints: a pure model, its IPFIX encoder, and the edge that sends."""
