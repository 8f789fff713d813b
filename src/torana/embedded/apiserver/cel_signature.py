"""How is a Python function declared to the CEL engine? Short names for the types and for one-overload declarations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cel_expr_python import cel

BOOL, INT, DOUBLE, STRING = cel.Type.BOOL, cel.Type.INT, cel.Type.DOUBLE, cel.Type.STRING
LIST, MAP, ANY = cel.Type.LIST, cel.Type.MAP, cel.Type.DYN


def function(name: str, returns: Any, parameters: Sequence[Any], impl: Callable[..., Any]) -> Any:
    """A function `name(a, b)`."""
    return cel.FunctionDecl(name, [cel.Overload(f"{name}_function", returns, parameters, impl=impl)])


def method(name: str, returns: Any, parameters: Sequence[Any], impl: Callable[..., Any], *others: Sequence[Any]) -> Any:
    """A function `a.name(b)`; `others` are further lists of parameters that the same code serves."""
    return cel.FunctionDecl(
        name,
        [
            cel.Overload(f"{name}_method_{index}", returns, types, is_member=True, impl=impl)
            for index, types in enumerate((parameters, *others))
        ],
    )
