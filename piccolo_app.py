"""The Piccolo app ``workshops``, as the package defines it."""

from workshops.piccolo_app import APP_CONFIG

__all__ = ["APP_CONFIG"]
