"""The admin's own tables. Operators themselves are in Piccolo's ``piccolo_user``."""

from piccolo_api.session_auth.tables import SessionsBase


class AdminSession(
    SessionsBase,
    tablename="admin_sessions",
    help_text="Who is logged in to the admin.",
):
    """A log-in of an operator.

    Piccolo's own table is called ``sessions``, which is the name of a table of
    the product here. ``token`` stays secret as it is there.
    """
