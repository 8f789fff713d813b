"""Laws of the conversation, on generated offers, refusals and reconnections with a model Envoy."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.playbooks.model_envoy import CDS, EDS, LDS, RDS, ModelEnvoy

from torana.envoy.board import Board
from torana.envoy.events import Command, Delivered, Event, Offered, Rejected, Send
from torana.envoy.resource import Key, Resource
from torana.envoy.session import Session

CLUSTERS = ["a", "b", "c"]
TABLES = ["t", "u"]

# A Gateway: for every table, if it exists, the clusters it routes to; and a version for every cluster.
Gateway = tuple[dict[str, frozenset[str]], dict[str, int], int]
gateways = st.tuples(
    st.dictionaries(st.sampled_from(TABLES), st.frozensets(st.sampled_from(CLUSTERS))),
    st.fixed_dictionaries({name: st.integers(1, 3) for name in CLUSTERS}),
    st.integers(1, 3),
)
steps = st.lists(st.one_of(gateways, st.sampled_from(["read", "read", "tell", "tell", "cut"])), max_size=40)
refusals = st.frozensets(st.sampled_from(["t@x1", "u@x2", "listener-t@1", "a@e2"]), max_size=2)


def resources(gateway: Gateway, revision: int) -> dict[Key, Resource]:
    """The whole configuration: a listener per table, clusters that are used, their endpoints."""
    tables, versions, salt = gateway
    found: dict[Key, Resource] = {}
    for table, clusters in tables.items():
        found[LDS, f"listener-{table}"] = Resource(LDS, f"listener-{table}", "1", b"", b"", ((RDS, table),))
        version = f"x{salt}" if not clusters else f"{'-'.join(sorted(clusters))}.{salt}"
        found[RDS, table] = Resource(RDS, table, version, " ".join(sorted(clusters)).encode(), b"")
        for name in clusters:
            found[CDS, name] = Resource(CDS, name, f"{versions[name]}", b"", b"", ((EDS, name),))
            found[EDS, name] = Resource(EDS, name, f"e{versions[name]}", b"", b"")
    return found


class Talk:
    """A board, a session and a model Envoy with the wires between them."""

    def __init__(self, refuses: frozenset[str]) -> None:
        self.envoy = ModelEnvoy(refuses)
        self.board = Board()
        self.revision = 0
        self.delivered = 0
        self.offer(({}, dict.fromkeys(CLUSTERS, 1), 1), is_connected=False)
        self.connect()

    def connect(self) -> None:
        self.session = Session(self.board.quarantined())
        self.envoy.connect()
        self.perform(self.board.first_offer())

    def offer(self, gateway: Gateway, is_connected: bool = True) -> None:
        self.revision += 1
        wanted, current = resources(gateway, self.revision), self.board.resources
        upserts = tuple(one for key, one in wanted.items() if current.get(key) != one)
        offer = Offered(self.revision, upserts, tuple(key for key in current if key not in wanted))
        self.board.apply(offer)
        if is_connected:
            self.perform(offer)

    def perform(self, event: Event) -> None:
        for command in self.session.step(event):
            self._do(command)

    def _do(self, command: Command) -> None:
        if isinstance(command, Send):
            self.envoy.inbox.append(command)
        elif isinstance(command, Rejected):
            self.board.note_refused(command)
        elif isinstance(command, Delivered):
            assert command.revision >= self.delivered
            self.delivered = command.revision

    def step(self, step: str) -> None:
        if step == "cut":
            self.connect()
        elif step == "read" and self.envoy.inbox:
            self.envoy.read()
        elif step == "tell" and self.envoy.outbox:
            self.perform(self.envoy.outbox.popleft())

    def settle(self) -> None:
        """Until both sides have nothing more to say."""
        for _ in range(5000):
            if not self.envoy.inbox and not self.envoy.outbox:
                return
            self.step("read")
            self.step("tell")
        raise AssertionError("the conversation does not end")


@settings(max_examples=400)
@given(steps)
def test_the_envoy_ends_with_what_is_offered_and_never_routes_to_a_missing_cluster(played: list[Gateway | str]) -> None:
    talk = Talk(frozenset())
    for step in played:
        if isinstance(step, str):
            talk.step(step)
        else:
            talk.offer(step)
    talk.settle()
    assert talk.delivered == talk.revision
    wanted = {key: one.version for key, one in talk.board.resources.items()}
    assert {key: one.version for key, one in talk.envoy.resources.items()} == wanted


@settings(max_examples=400)
@given(steps, refusals)
def test_refusals_are_known_and_everything_else_arrives(played: list[Gateway | str], refuses: frozenset[str]) -> None:
    talk = Talk(refuses)
    for step in played:
        if isinstance(step, str):
            talk.step(step)
        else:
            talk.offer(step)
    talk.settle()
    assert talk.delivered == talk.revision
    for key, wanted in talk.board.resources.items():
        held = talk.envoy.resources.get(key)
        if f"{wanted.name}@{wanted.version}" in refuses:
            continue
        is_reachable = all(
            f"{other.name}@{other.version}" not in refuses
            for other in talk.board.resources.values()
            if key in other.needs
        )
        assert not is_reachable or (held is not None and held.version == wanted.version), key


def test_an_undisturbed_push_leaves_in_the_step_that_offers_it() -> None:
    talk = Talk(frozenset())
    talk.settle()
    talk.offer(({"t": frozenset("a")}, dict.fromkeys(CLUSTERS, 1), 1))
    assert len(talk.envoy.inbox) == 1
