"""Seeing inside a running application: metrics, logs, slow statements, and a doctor.

====================  =========================================================
``METRICS_TOKEN``     Opens ``/metrics`` to ``Authorization: Bearer`` with this token.
                      Unset: there is no ``/metrics``.
``LOG_FORMAT``        ``json`` for one object a line, a request each; ``text`` (the
                      default) for warnings only.
``SLOW_STATEMENT``    Seconds from which a statement is logged with its plan (1); 0
                      is never.
====================  =========================================================

Nothing of it names a person or holds a value of a row: requests are told by the
pattern of their path, statements by their text with its placeholders.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ObservabilitySettings(BaseSettings):
    """The settings above. An empty variable counts as unset."""

    model_config = SettingsConfigDict(env_ignore_empty=True, hide_input_in_errors=True)

    metrics_token: Annotated[SecretStr, Field(min_length=8)] | None = None
    log_format: Literal["text", "json"] = "text"
    slow_statement: Annotated[float, Field(ge=0, le=3600)] = 1
