"""What nobody can write through the admin's tables, and why."""

NOT_WRITTEN = "These rows can be looked at only."

READ_ONLY_TABLES = frozenset(("admin_audit_log", "workshop_progress"))

NOT_ADDED = {
    "step_definitions": (
        "A step definition is added by a migration: it needs a name in code, and every workshop "
        "a row for it."
    ),
    "admin_sessions": "A log-in is made by logging in.",
    **dict.fromkeys(READ_ONLY_TABLES, NOT_WRITTEN),
}
"""Table -> why its form for a new row is refused."""
