"""How is a CEL expression compiled and evaluated? One small class around the engine, so that the engine can be changed.

Input is an expression over `self` and `oldSelf`; output a `Program` that evaluates to a value or a `CelFailure`. The
engine is Google's C++ one (`cel-expr-python`); the functions that Kubernetes adds to the language are in `cel_library`.

Facts that callers rely on, seen with cel-expr-python 0.1.3:

- `self` is dynamically typed, so a rule that names a field wrongly is found when it runs, not when it is compiled.
- `&&` and `||` absorb errors from either side; what is still an error at the end is a failed rule, as in Kubernetes.
- Converting `self` is what costs: make one `Activation` and evaluate all rules of a node with it.
- A comprehension ends after 10,000 iterations, an expression is at most about 30 levels deep.
- `format.<name>().validate(x)` yields an optional, and an optional is never equal to null. The port name rule of the
  Gateway API's XBackend compares it with null and therefore refuses every name that is not empty, here as on a real API
  server. Our own definition of that kind asks `hasValue()` instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from torana.embedded.apiserver.cel_library import FUNCTIONS, rewrite

EXTENSIONS = ["strings", "optional", "sets", "lists", "two-var-comprehensions", "regex", "math", "bindings", "encoders"]


class CelSyntaxError(ValueError):
    """The expression cannot be compiled; the text says where."""


@dataclass(frozen=True, slots=True)
class CelFailure:
    """An evaluation that ended in an error (a missing key, an overflow, no such overload)."""

    message: str


class CelEngine:
    """Compiles expressions over the given variables, which may hold any JSON value."""

    def __init__(self, variables: tuple[str, ...] = ("self", "oldSelf")) -> None:
        extensions = "".join(f"  - name: {name}\n" for name in EXTENSIONS)
        self._env = cel.NewEnv(
            config=cel.NewEnvConfigFromYaml(f"name: kubernetes\nextensions:\n{extensions}"),
            variables=dict.fromkeys(variables, cel.Type.DYN),
            functions=list(FUNCTIONS),
        )

    def compile(self, expression: str) -> Program:
        """A program for the expression. Raises CelSyntaxError."""
        try:
            return Program(self._env.compile(rewrite(expression)))
        except RuntimeError as error:
            text = str(error).removeprefix("INVALID_ARGUMENT: ").removesuffix(" [INVALID_ARGUMENT]")
            raise CelSyntaxError(text) from None

    def activation(self, values: Mapping[str, Any]) -> Any:
        """Variables converted once, for any number of programs."""
        return self._env.Activation(values)


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression."""

    expression: Any

    def evaluate(self, activation: Any) -> Any:
        """The value under an activation, as plain Python, or a CelFailure."""
        try:
            result = self.expression.eval(activation)
        except (RuntimeError, ValueError, TypeError, OverflowError) as error:
            return CelFailure(str(error))
        value = result.plain_value()
        if result.type() == cel.Type.ERROR:
            return CelFailure(str(value))
        return value


@lru_cache(maxsize=1)
def rule_engine() -> CelEngine:
    """The engine of validation rules, made at first use (35 ms)."""
    return CelEngine()
