"""The fixtures of the site's tests, for the library's own site."""

from tests.admin.conftest import _quick_passwords, address, browser, new_desk

__all__ = ["_quick_passwords", "address", "browser", "new_desk"]
