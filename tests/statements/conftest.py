"""The fixtures of the operations' tests."""

from tests.operations.conftest import workshop

__all__ = ["workshop"]
