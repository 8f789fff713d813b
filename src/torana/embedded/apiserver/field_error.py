"""What is wrong with one field of an object, in the words kubectl users know.

A `FieldError` becomes one cause of a 422 `Invalid` answer: `type` is the cause's reason, `body` its message and `path`
its field. `str()` is what kubectl prints: `spec.rules[0].filters[0].type: Required value`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

REQUIRED: Final = "FieldValueRequired"
INVALID: Final = "FieldValueInvalid"
TYPE_INVALID: Final = "FieldValueTypeInvalid"
NOT_SUPPORTED: Final = "FieldValueNotSupported"
DUPLICATE: Final = "FieldValueDuplicate"
FORBIDDEN: Final = "FieldValueForbidden"
TOO_LONG: Final = "FieldValueTooLong"
TOO_MANY: Final = "FieldValueTooMany"

WORDS: Final = {
    REQUIRED: "Required value",
    INVALID: "Invalid value",
    TYPE_INVALID: "Invalid value",
    NOT_SUPPORTED: "Unsupported value",
    DUPLICATE: "Duplicate value",
    FORBIDDEN: "Forbidden",
    TOO_LONG: "Too long",
    TOO_MANY: "Too many",
}
WITHOUT_VALUE: Final = frozenset({REQUIRED, FORBIDDEN, TOO_LONG})


class _Omitted:
    """Marks an error whose value is not shown (whole objects and lists say nothing that the message does not)."""

    def __repr__(self) -> str:
        return "OMITTED"


OMITTED: Final = _Omitted()


@dataclass(frozen=True, slots=True)
class FieldError:
    """One mistake: its type (a status cause's reason), the path of the field, what is wrong, the offending value."""

    type: str
    path: str
    message: str = ""
    value: Any = OMITTED

    @property
    def body(self) -> str:
        """The error without its path."""
        words = WORDS[self.type]
        if self.type not in WITHOUT_VALUE and self.value is not OMITTED:
            words = f"{words}: {shown(self.value)}"
        return f"{words}: {self.message}" if self.message else words

    def __str__(self) -> str:
        return f"{self.path or '<nil>'}: {self.body}"


def shown(value: Any) -> str:
    """A value as an error message shows it: JSON, strings quoted."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    except (TypeError, ValueError):
        return repr(value)


Step = str | int
"""A field's name (or a map's key), or an index into a list."""

IN_BODY: Final = "{path} in body"
"""Start of a fault's message that repeats the path; filled in when the whole path is known."""


class Fault(NamedTuple):
    """A mistake found inside a value, on its way up: `steps` lead from the value to the mistake."""

    type: str
    steps: tuple[Step, ...] = ()
    message: str = ""
    value: Any = OMITTED

    def at(self, unsaid: int = 0) -> FieldError:
        """The finished error. `unsaid`: how many of the first steps a message that repeats the path leaves out."""
        path = path_text(self.steps)
        message = self.message
        if message.startswith(("{path}", '"{path}"')):
            message = message.replace("{path}", path_text(self.steps[unsaid:]), 1)
        return FieldError(self.type, path, message, self.value)


def under(found: list[Fault] | None, step: Step, faults: list[Fault]) -> list[Fault]:
    """The faults found so far, and those of the part that `step` leads to."""
    moved = [Fault(fault.type, (step, *fault.steps), fault.message, fault.value) for fault in faults]
    return moved if found is None else found + moved


def path_text(steps: tuple[Step, ...]) -> str:
    """A path as error messages write it: `spec.rules[0].name`, and `labels[a.b/c]` for keys that are no names."""
    text = ""
    for step in steps:
        if isinstance(step, int) or "." in step or "/" in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
