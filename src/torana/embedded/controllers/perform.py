"""How do actions reach the API server? An edge; everything that ought to be tolerated is tolerated here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torana.embedded.controllers.action import Action, Create, Delete, LookAgain, Patch
from torana.kube.client import Client
from torana.kube.errors import ApiError


async def perform(client: Client, actions: Iterable[Action]) -> tuple[list[dict[str, Any]], float | None]:
    """What was created, and when to look again. Raises `KubeError` at the first action that failed for good reason."""
    created: list[dict[str, Any]] = []
    again: float | None = None
    for action in actions:
        match action:
            case LookAgain(after_s):
                again = after_s if again is None else min(again, after_s)
            case Create(kind, body):
                try:
                    created.append(await client.create(kind, body))
                except ApiError as error:
                    if not error.is_already_exists and not _is_terminating(error):
                        raise
            case Patch(kind, ref, body, subresource):
                try:
                    await client.patch(kind, ref, body, subresource=subresource)
                except ApiError as error:
                    if not error.is_not_found:
                        raise
            case Delete(kind, ref, uid, propagation):
                try:
                    await client.delete(kind, ref, uid=uid, propagation=propagation)
                except ApiError as error:
                    # A conflict means that another object has the name now: the one meant is gone.
                    if not error.is_not_found and not error.is_conflict:
                        raise
    return created, again


def _is_terminating(error: ApiError) -> bool:
    """Nothing can be created in a namespace on its way out, and nothing needs to be."""
    causes = error.details.get("causes") or ()
    return error.status == 403 and any(cause.get("reason") == "NamespaceTerminating" for cause in causes)
