"""From what size on are hosts and route tables rendered with the less travelled features of Envoy?"""

TREES_ABOVE = 30
"""A host with more routes becomes a prefix tree."""

SHARDS_ABOVE = 50
"""A route table with more hosts is split into shards: every change costs the proxy some 11 µs per host of its table."""
