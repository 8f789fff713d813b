"""How do redirects and rewrites change the path of a request?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from torana.api.field import ApiStruct, Field, Rule


def _goes_with(path_type: str, field: str) -> tuple[Rule, ...]:
    return (
        Rule(
            f"self.type == '{path_type}' ? has(self.{field}) : true",
            f"{field} must be specified when type is set to '{path_type}'",
        ),
        Rule(
            f"has(self.{field}) ? self.type == '{path_type}' : true",
            f"type must be '{path_type}' when {field} is set",
        ),
    )


class HTTPPathModifier(ApiStruct, kw_only=True):
    """A change of a path: replace all of it, or the prefix that the match found."""

    cel: ClassVar[tuple[Rule, ...]] = (
        *_goes_with("ReplaceFullPath", "replaceFullPath"),
        *_goes_with("ReplacePrefixMatch", "replacePrefixMatch"),
    )

    type: Annotated[
        str,
        Field(
            "`ReplaceFullPath`: replace the whole path. `ReplacePrefixMatch`: replace the matched prefix; this needs a"
            " single match of type PathPrefix.",
            enum=("ReplaceFullPath", "ReplacePrefixMatch"),
        ),
    ]
    replace_full_path: Annotated[str | None, Field("The new path.", max_length=1024)] = None
    replace_prefix_match: Annotated[
        str | None,
        Field(
            "What stands in place of the matched prefix. Whole path elements are replaced: with prefix `/foo` and"
            " replacement `/xyz`, `/foo/bar` becomes `/xyz/bar`.",
            max_length=1024,
        ),
    ] = None
