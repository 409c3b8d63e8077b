"""Spans of OpenTelemetry for requests and operations, where its API is installed.

The extra ``tracing`` installs it with the SDK; ``opentelemetry-instrument`` or a few lines of
one's own say where the spans go. Without it nothing here costs anything.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

_IS_INSTALLED = importlib.util.find_spec("opentelemetry") is not None


def _is_recording() -> bool:
    """Whether the application says where spans go, for which it has imported the API.

    Importing it takes a sixth of the time of ``import workshops``, and a span that goes
    nowhere a twentieth of a read.
    """
    trace = sys.modules.get("opentelemetry.trace")
    return trace is not None and not isinstance(
        trace.get_tracer_provider(), trace.ProxyTracerProvider
    )


Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@contextmanager
def span(name: str) -> Iterator[Callable[..., None]]:
    """Record a span; what is given to the function is noted on it."""
    if not _is_recording():
        yield lambda **attributes: None
        return
    from opentelemetry import trace

    with trace.get_tracer("workshops").start_as_current_span(name) as current:
        yield lambda **attributes: current.set_attributes(attributes)


def traced(
    operation: Callable[Parameters, Awaitable[Result]],
) -> Callable[Parameters, Awaitable[Result]]:
    """Return an operation that records a span of its name, and never its arguments."""
    if not _IS_INSTALLED:
        return operation

    @functools.wraps(operation)
    async def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Any:
        if not _is_recording():
            return await operation(*args, **kwargs)
        with span(operation.__name__):
            return await operation(*args, **kwargs)

    return wrapper
