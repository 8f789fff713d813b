"""Event: something that happened to an object. One store, seen through two groups.

The core group and `events.k8s.io` show the same events under different field names. The core form is the one that is
stored; `as_events_v1` and `as_core_v1` turn an object of one form into the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from torana.api.core.object_reference import ObjectReference
from torana.api.field import ApiStruct, Field
from torana.api.kind import Column, Kind
from torana.api.meta import Object

EVENTS_GROUP = "events.k8s.io"


class EventSource(ApiStruct, kw_only=True):
    """Who saw it."""

    component: Annotated[str, Field("Name of the component.")] = ""
    host: Annotated[str, Field("Node that it runs on.")] = ""


class EventSeries(ApiStruct, kw_only=True):
    """How often it has happened."""

    count: Annotated[int, Field("How often so far.", format="int32")] = 0
    last_observed_time: Annotated[str | None, Field("When it last happened.", format="date-time")] = None


class Event(Object, kw_only=True):
    """Something that happened to an object."""

    involved_object: Annotated[ObjectReference, Field("The object it happened to.")]
    reason: Annotated[str, Field("What happened, in one CamelCase word.")] = ""
    message: Annotated[str, Field("What happened, for people.")] = ""
    source: Annotated[EventSource, Field("Who saw it.")] = EventSource()
    first_timestamp: Annotated[str | None, Field("When it first happened.", format="date-time")] = None
    last_timestamp: Annotated[str | None, Field("When it last happened.", format="date-time")] = None
    count: Annotated[int, Field("How often it has happened.", format="int32")] = 0
    type: Annotated[str, Field("Normal or Warning.")] = ""
    event_time: Annotated[str | None, Field("When it was first seen, to the microsecond.", format="date-time")] = None
    series: Annotated[EventSeries | None, Field("How often it has happened. Absent for a single time.")] = None
    action: Annotated[str, Field("What was done about it.")] = ""
    related: Annotated[ObjectReference | None, Field("Another object that has to do with it.")] = None
    reporting_component: Annotated[str, Field("Controller that reports it.")] = ""
    reporting_instance: Annotated[str, Field("Which instance of the controller.")] = ""


class EventsV1Event(Object, kw_only=True):
    """Something that happened to an object."""

    event_time: Annotated[str | None, Field("When it was first seen, to the microsecond.", format="date-time")] = None
    series: Annotated[EventSeries | None, Field("How often it has happened. Absent for a single time.")] = None
    reporting_controller: Annotated[str, Field("Controller that reports it.")] = ""
    reporting_instance: Annotated[str, Field("Which instance of the controller.")] = ""
    action: Annotated[str, Field("What was done about it.")] = ""
    reason: Annotated[str, Field("What happened, in one CamelCase word.")] = ""
    regarding: Annotated[ObjectReference, Field("The object it happened to.")] = ObjectReference()
    related: Annotated[ObjectReference | None, Field("Another object that has to do with it.")] = None
    note: Annotated[str, Field("What happened, for people.")] = ""
    type: Annotated[str, Field("Normal or Warning.")] = ""
    deprecated_source: Annotated[EventSource, Field("Who saw it.")] = EventSource()
    deprecated_first_timestamp: Annotated[str | None, Field("When it first happened.", format="date-time")] = None
    deprecated_last_timestamp: Annotated[str | None, Field("When it last happened.", format="date-time")] = None
    deprecated_count: Annotated[int, Field("How often it has happened.", format="int32")] = 0


_EVENTS_V1_NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
_CORE_NAMES = {new: old for old, new in _EVENTS_V1_NAMES.items()}


def as_events_v1(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event, given in core form, as `events.k8s.io/v1` shows it."""
    renamed = {_EVENTS_V1_NAMES.get(name, name): value for name, value in event.items()}
    return {**renamed, "apiVersion": f"{EVENTS_GROUP}/v1"}


def as_core_v1(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event, given in `events.k8s.io/v1` form, as the core group shows it."""
    renamed = {_CORE_NAMES.get(name, name): value for name, value in event.items()}
    return {**renamed, "apiVersion": "v1"}


def _columns(object_field: str, message_field: str, last_field: str) -> tuple[Column, ...]:
    return (
        Column("Last Seen", "date", f".{last_field}"),
        Column("Type", "string", ".type"),
        Column("Reason", "string", ".reason"),
        Column("Object", "string", f".{object_field}.name"),
        Column("Message", "string", f".{message_field}"),
    )


EVENT = Kind(
    group="",
    kind="Event",
    plural="events",
    struct=Event,
    has_status=False,
    short_names=("ev",),
    columns=_columns("involvedObject", "message", "lastTimestamp"),
)
EVENTS_V1_EVENT = Kind(
    group=EVENTS_GROUP,
    kind="Event",
    plural="events",
    struct=EventsV1Event,
    has_status=False,
    short_names=("ev",),
    columns=_columns("regarding", "note", "deprecatedLastTimestamp"),
)
