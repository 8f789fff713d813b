"""Programs that measure a Gateway API implementation; see bench/README.md."""
