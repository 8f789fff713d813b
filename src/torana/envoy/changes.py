"""Which of the offered changes are news to one Envoy, and in which stage do they go out?"""

from __future__ import annotations

from collections.abc import Mapping

from torana.envoy.book import Book
from torana.envoy.names import scope_name, table_of_scope
from torana.envoy.push import BREAK, MAKE, POINT, SWITCH, Changes
from torana.envoy.resource import Key, Resource, ResourceType

LDS, RDS, SRDS = ResourceType.LDS, ResourceType.RDS, ResourceType.SRDS
_MADE = (ResourceType.CDS, ResourceType.EDS, ResourceType.SDS)
_MOST_TABLES_LEFT = 3
"""So many tables that no listener uses any more keep their scopes, for connections that drain."""

Books = Mapping[ResourceType, Book]


def in_stages(pending: Changes, books: Books, quarantined: dict[Key, str]) -> tuple[Changes, ...]:
    """Every change that is news, in its stage. Afterwards a changed resource is no longer quarantined."""
    changes = {key: resource for key, resource in pending.items() if _is_news(key, resource, books, quarantined)}
    left = _left_scopes(changes, books)
    _leave_scopes_of_old_listeners(changes, books)
    has_moves = any(
        key[0] is LDS or (resource is not None and key[0] is SRDS and _is_known(key, books))
        for key, resource in changes.items()
    )
    stages: tuple[Changes, ...] = ({}, {}, {}, {})
    for key, resource in changes.items():
        stage = _stage(key[0], resource is None, _is_known(key, books), has_moves)
        waits = resource is not None and (resource.is_last or _finds_scopes(resource, books))
        stages[POINT if waits else stage][key] = resource
    stages[SWITCH].update(dict.fromkeys(left))
    return stages


def _finds_scopes(resource: Resource, books: Books) -> bool:
    """A listener with scoped routes that meets scopes already there, for another listener's sake.

    It does not warm for the scopes of its own table then (1.40), so these have to be there before it.
    """
    return _uses_scopes(resource) and books[SRDS].is_synced


def keeps_old_routes(books: Books, quarantined: Mapping[Key, str]) -> bool:
    """Envoy has an older version of something refused, which may refer to clusters that nobody else needs."""
    return any(type not in _MADE and books[type].holds(name) for type, name in quarantined)


def _is_news(key: Key, resource: Resource | None, books: Books, quarantined: dict[Key, str]) -> bool:
    book = books[key[0]]
    if resource is None:
        quarantined.pop(key, None)
        return key[1] in book.released or book.holds(key[1])
    if quarantined.get(key) == resource.version:
        return False
    quarantined.pop(key, None)
    current = book.released.get(key[1])
    return current is None or current.version != resource.version


def _is_known(key: Key, books: Books) -> bool:
    """Envoy has, or is about to get, some version of the resource."""
    book = books[key[0]]
    return key[1] in book.released or book.holds(key[1])


def _stage(type: ResourceType, is_removal: bool, is_known: bool, has_moves: bool) -> int:
    if not is_removal:
        if type in _MADE:
            return MAKE
        return POINT if type is SRDS and is_known else SWITCH
    if type is LDS:
        return SWITCH
    # The scope of a host that goes, goes before its routes, so that a wildcard host takes over without a gap. But
    # where listeners or scopes move, the old scopes serve until they have.
    return SWITCH if type is SRDS and not has_moves else BREAK


def _leave_scopes_of_old_listeners(changes: Changes, books: Books) -> None:
    """Drop removals of the scopes of a table that a listener now takes as a whole, or uses no more, or goes with.

    The listener's old connections drain with the old scopes; without them they would get 404. Nothing else uses these
    scopes, and Envoy is told to drop them when a listener begins to use scopes, or when it connects the next time.
    """
    before = books[LDS].released
    whole: set[str] = set()
    for (_, name), resource in changes.items():
        if resource is not None and resource.type is LDS and name in before:
            whole |= _whole_tables(resource) - _whole_tables(before[name])
    prefixes = tuple(scope_name(table, "") for table in whole | _tables_that_listeners_left(changes, books))
    for key in [key for key, resource in changes.items() if key[0] is SRDS and resource is None]:
        if key[1].startswith(prefixes):
            books[SRDS].leave(key[1])
            del changes[key]


def _tables_that_listeners_left(changes: Changes, books: Books) -> set[str]:
    """Tables of which no scope stays, when a listener that used scopes goes or becomes another."""
    before = books[LDS].released
    if not any(type is LDS and name in before and _uses_scopes(before[name]) for type, name in changes):
        return set()
    scopes = dict.fromkeys(books[SRDS].released, True)
    scopes |= {name: resource is not None for (type, name), resource in changes.items() if type is SRDS}
    staying = {table_of_scope(name) for name, stays in scopes.items() if stays}
    return {table_of_scope(name) for name in scopes} - staying


def _left_scopes(changes: Changes, books: Books) -> list[Key]:
    """Scopes left to listeners that drained, once a listener begins to use scopes, or a scope of their table comes.

    They would lead requests for hosts that are gone to routes that are gone. So do those of the oldest of many tables.
    """
    scopes = books[SRDS]
    if not scopes.left:
        return []
    before = books[LDS].released
    begins = any(
        resource is not None and _uses_scopes(resource) and not (name in before and _uses_scopes(before[name]))
        for (_, name), resource in changes.items()
    )
    back = {table_of_scope(name) for (type, name), resource in changes.items() if type is SRDS and resource is not None}
    tables = list(dict.fromkeys(table_of_scope(name) for name in scopes.left))
    dropped = set(tables) if begins else back | set(tables[:-_MOST_TABLES_LEFT])
    return [(SRDS, name) for name in scopes.left if table_of_scope(name) in dropped and (SRDS, name) not in changes]


def _uses_scopes(resource: Resource) -> bool:
    return resource.type is LDS and (SRDS, "") in resource.needs


def _whole_tables(listener: Resource) -> set[str]:
    """The route tables that a listener takes as they are, not by scopes."""
    return {name for type, name in listener.needs if type is RDS}
