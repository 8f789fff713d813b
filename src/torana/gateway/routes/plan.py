"""One rule while it is read: what its filters and backends ask for so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from torana.gateway.backends import ClusterKey
from torana.gateway.filters.reading import Reading
from torana.gateway.finding import Finding
from torana.gateway.precedence import Rank
from torana.proxy.action import Action, Forward, HeaderEdit, Mirror, Redirect, Respond, Rewrite
from torana.proxy.cors import Cors
from torana.proxy.external_auth import ExternalAuth
from torana.proxy.match import Match


@dataclass
class RulePlan:
    """Gathers readings; `action` says what becomes of a request in the end."""

    matches: tuple[Match, ...] = ()
    ranks: tuple[Rank, ...] = ()
    """One for each match."""
    failure: int = 500
    """Status for requests that cannot be served."""
    request_headers: HeaderEdit | None = None
    response_headers: HeaderEdit | None = None
    redirect: Redirect | None = None
    rewrite: Rewrite | None = None
    cors: Cors | None = None
    external_auth: ExternalAuth | None = None
    forward: Forward | None = None
    mirrors: list[Mirror] = field(default_factory=list)
    clusters: list[ClusterKey] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unresolved: list[Finding] = field(default_factory=list)
    is_closed: bool = False

    def take(self, reading: Reading, path: str) -> None:
        """Add what one filter asks for. All but mirrors may stand once; redirect and rewrite exclude each other."""
        for name in ("request_headers", "response_headers", "redirect", "rewrite", "cors", "external_auth"):
            value = getattr(reading, name)
            if value is None:
                continue
            if getattr(self, name) is not None:
                self.findings.append(Finding("IncompatibleFilters", "this filter may stand only once in a rule", path))
            setattr(self, name, value)
        if self.redirect is not None and self.rewrite is not None:
            self.findings.append(Finding("IncompatibleFilters", "redirect and rewrite exclude each other", path))
        if self.redirect is not None and self.cors is not None:
            message = "CORS answers for a backend; it cannot stand beside a redirect"
            self.findings.append(Finding("IncompatibleFilters", message, path))
        self.mirrors += reading.mirrors
        self.clusters += reading.clusters
        self.findings += reading.findings
        self.unresolved += reading.unresolved
        self.is_closed = self.is_closed or reading.is_closed

    def failing(self, findings: tuple[Finding, ...]) -> RulePlan:
        """What is left of the rule when nothing in it can be relied on: its requests get the failure."""
        return RulePlan(self.matches, self.ranks, self.failure, findings=[*self.findings, *findings])

    def action(self) -> Action:
        """Redirect or forward; failure for a rule with a mistake, or with nowhere to go."""
        if self.findings or self.is_closed:
            return Respond(self.failure)
        if self.redirect is not None:
            return self.redirect
        if self.forward is None or not self.forward.backends:
            return Respond(self.failure)
        return self.forward
