"""Do rules that begin and cease to keep sessions disturb clients, on new connections and on old ones?"""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass, field

import pytest
from tests.e2e.asking import Answer, Door
from tests.e2e.documents import backend, rule
from tests.e2e.steady_client import SteadyClient, running
from tests.e2e.street import Street, street
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e
__all__ = ["street"]

SESSION = {"sessionName": "sid"}


def is_clean(answer: Answer) -> bool:
    return answer.status == 200 and not any(name.startswith("x-torana") for name in answer.headers)


@dataclass
class FaithfulClient:
    """Asks on one connection for as long as the proxy keeps it, then on the next."""

    door: Door
    host: str
    asked: int = 0
    failures: list[str] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        connection = http.client.HTTPConnection(self.door.address, self.door.port, timeout=5)
        while not stop.wait(0.005):
            self.asked += 1
            try:
                connection.request("GET", "/", headers={"Host": self.host})
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException) as broken:
                self.failures.append(repr(broken))
                connection.close()
                continue
            inner = [name for name, _ in response.getheaders() if name.lower().startswith("x-torana")]
            if response.status != 200 or inner:
                self.failures.append(f"{response.status} {inner}")
        connection.close()


def test_sessions_that_come_and_go_disturb_nobody(street: Street) -> None:
    host = street.hostname("sessions")
    backends = (backend("v1"), backend("v2"))
    name = street.route(host, rule(*backends))
    street.expect_status(200, host)
    steady = SteadyClient(street.door, host, right=is_clean)
    faithful = FaithfulClient(street.door, host)
    with running(steady, faithful):
        for number in range(8):
            keeps = number % 2 == 0
            rules = [rule(*backends, sessionPersistence=SESSION) if keeps else rule(*backends)]
            street.kubernetes.merge("HTTPRoute", street.namespace, name, {"spec": {"rules": rules}})

            def has_changed(keeps: bool = keeps) -> None:
                assert ("set-cookie" in street.door.ask(host).headers) is keeps

            eventually(has_changed)
    steady.expect_no_failure()
    assert faithful.asked > 20
    assert not faithful.failures, faithful.failures[:5]
