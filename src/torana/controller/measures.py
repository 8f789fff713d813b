"""What the controller counts, and how it is printed for Prometheus."""

from __future__ import annotations

from collections import Counter

from torana.derive.engine import Settled


class Measures:
    """Counters since the start."""

    def __init__(self) -> None:
        self.settles = 0
        self.settle_seconds = 0.0
        self.computed: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.status_writes = 0
        self.xds_bytes = 0
        self.rejections = 0

    def settled(self, settled: Settled, seconds: float) -> None:
        """Count one settle."""
        self.settles += 1
        self.settle_seconds += seconds
        self.computed.update(settled.computed)
        self.failures.update(failure.derivation for failure in settled.failures)

    def text(self) -> str:
        """The counters in Prometheus' text format."""
        lines = [
            f"torana_settles_total {self.settles}",
            f"torana_settle_seconds_total {self.settle_seconds:.6f}",
            f"torana_derivations_recomputed_total {self.computed.total()}",
            f"torana_status_writes_total {self.status_writes}",
            f"torana_xds_bytes_sent_total {self.xds_bytes}",
            f"torana_xds_rejections_total {self.rejections}",
        ]
        lines += [f'torana_derivations_total{{name="{name}"}} {n}' for name, n in sorted(self.computed.items())]
        lines += [f'torana_derivation_failures_total{{name="{name}"}} {n}' for name, n in sorted(self.failures.items())]
        return "\n".join(lines) + "\n"
