"""What of a run of the conformance suite is shown, and when is its report worth keeping?"""

from __future__ import annotations

from typing import Any

from tests.conformance.profiles import profiles_of, succeeded, table


def report(**results: str) -> dict[str, Any]:
    parts = {
        name: {"result": result, "statistics": {"Passed": 37, "Failed": 0, "Skipped": 0}}
        for name, result in results.items()
    }
    return {"profiles": [{"name": "GATEWAY-HTTP", **parts}]}


def test_the_claimed_kinds_of_routes_choose_the_profiles() -> None:
    assert profiles_of(("Gateway", "HTTPRoute", "HTTPRouteCORS", "TCPRoute")) == ("GATEWAY-HTTP", "GATEWAY-TCP")


def test_a_report_counts_only_when_every_part_of_every_profile_passed() -> None:
    assert succeeded(report(core="success", extended="success"))
    assert not succeeded(report(core="success", extended="partial"))
    assert not succeeded(report())


def test_the_table_has_a_line_per_part_and_names_what_is_left_out() -> None:
    told = report(core="success", extended="success")
    told["profiles"][0]["extended"]["unsupportedFeatures"] = ["ListenerSet"]
    assert table(told).splitlines() == [
        "profile       part      result   passed  failed  skipped",
        "GATEWAY-HTTP  core      success  37      0       0",
        "GATEWAY-HTTP  extended  success  37      0       0",
        "GATEWAY-HTTP leaves out ListenerSet",
    ]
