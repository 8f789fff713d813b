"""Who sends a request? By client certificate or bearer token.

A certificate's common name is the user and its organisations are the groups. Tokens are those of service accounts
(`tokens.py`) and of a token file. A request without either is anonymous.
"""

from __future__ import annotations

import csv
import hmac
from pathlib import Path
from typing import Any

from torana.embedded.apiserver import errors
from torana.embedded.apiserver.request import ANONYMOUS, User
from torana.embedded.apiserver.tokens import Tokens

AUTHENTICATED = "system:authenticated"


def certificate_user(certificate: dict[str, Any]) -> User | None:
    """The user a verified client certificate (as `getpeercert` gives it) speaks for."""
    name, groups = "", []
    for relative_name in certificate.get("subject", ()):
        for key, value in relative_name:
            if key == "commonName":
                name = value
            elif key == "organizationName":
                groups.append(value)
    return User(name, (*groups, AUTHENTICATED)) if name else None


class Authenticator:
    """Finds the user of a request."""

    def __init__(self, tokens: Tokens, token_file: Path | None = None) -> None:
        self._tokens = tokens
        self._static = _read_token_file(token_file) if token_file is not None and token_file.exists() else {}

    def user(self, certificate_user: User | None, authorization: str) -> User:
        """The user of a request. Raises Unauthorized for a token that is not valid."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            user = self.token_user(token.strip())
            if user is None:
                raise errors.unauthorized()
            return user
        return certificate_user or ANONYMOUS

    def token_user(self, token: str) -> User | None:
        """The user of a bearer token, if it is valid."""
        for known, user in self._static.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                return user
        return self._tokens.user(token)


def _read_token_file(path: Path) -> dict[str, User]:
    """Lines of `token,user,uid,"group1,group2"`."""
    found = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            if len(row) >= 3:
                groups = [group.strip() for group in row[3].split(",") if group.strip()] if len(row) > 3 else []
                found[row[0].strip()] = User(row[1].strip(), (*groups, AUTHENTICATED), row[2].strip())
    return found
