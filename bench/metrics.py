"""What did the controller count while the changes were made?"""

from __future__ import annotations

import aiohttp

NAMES = ("torana_derivations_recomputed_total", "torana_xds_bytes_sent_total")


async def scrape(url: str) -> dict[str, float]:
    """The totals of `NAMES` over all labels, from a page in the Prometheus text format; empty without a URL."""
    if not url:
        return {}
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        page = await answer.text()
    totals: dict[str, float] = {}
    for line in page.splitlines():
        name = line.partition("{")[0].partition(" ")[0]
        if name in NAMES:
            totals[name] = totals.get(name, 0.0) + float(line.rsplit(" ", 1)[1])
    return totals
