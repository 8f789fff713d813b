"""How a stream chain becomes a TCP proxy or a UDP proxy.

A refused share goes to a cluster that never exists: Envoy then closes the connection, or drops the datagram.
"""

from __future__ import annotations

from collections.abc import Sequence

from torana.envoy import messages as pb
from torana.envoy.names import INVALID_CLUSTER
from torana.proxy.bind import Share, StreamChain


def tcp_filter(chain: StreamChain) -> pb.Filter:
    """The network filter. Each connection draws its backend by weight."""
    proxy = pb.TcpProxy(stat_prefix=chain.name)
    shares = _merged(chain.shares)
    if len(shares) == 1:
        proxy.cluster = shares[0].cluster
    else:
        for share in shares:
            proxy.weighted_clusters.clusters.add(name=share.cluster, weight=share.weight)
    return pb.Filter(name="envoy.filters.network.tcp_proxy", typed_config=pb.packed(proxy))


def udp_filter(chain: StreamChain) -> pb.ListenerFilter:
    """The listener filter. Datagrams of one client address and port stay with one backend.

    Envoy has no weighted clusters for UDP (seen on 1.40). So the client's port is hashed, and each backend takes a span
    of the hash's values that is as wide as its weight; the last takes the rest.
    """
    proxy = pb.UdpProxyConfig(stat_prefix=chain.name)
    shares = _merged(chain.shares)
    total = sum(share.weight for share in shares)
    rest = total
    for share in shares[:-1]:
        rest -= share.weight
        matcher = proxy.matcher.matcher_list.matchers.add()
        single = matcher.predicate.single_predicate
        single.input.name = "source-port"
        single.input.typed_config.CopyFrom(pb.packed(pb.SourcePortInput()))
        single.custom_match.name = "share"
        single.custom_match.typed_config.CopyFrom(pb.packed(pb.ConsistentHashing(threshold=rest, modulo=total)))
        _to(matcher.on_match, share.cluster)
    _to(proxy.matcher.on_no_match, shares[-1].cluster)
    return pb.ListenerFilter(name="envoy.filters.udp_listener.udp_proxy", typed_config=pb.packed(proxy))


def _to(on_match: pb.Matcher.OnMatch, cluster: str) -> None:
    on_match.action.name = "route"
    on_match.action.typed_config.CopyFrom(pb.packed(pb.UdpRoute(cluster=cluster)))


def _merged(shares: Sequence[Share]) -> list[Share]:
    """One share per cluster, those that are refused among them; never empty."""
    weights: dict[str, int] = {}
    for share in shares:
        cluster = share.cluster or INVALID_CLUSTER
        weights[cluster] = weights.get(cluster, 0) + share.weight
    return [Share(cluster, weight) for cluster, weight in weights.items()] or [Share(INVALID_CLUSTER)]
