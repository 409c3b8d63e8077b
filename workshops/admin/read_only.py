"""What can be written through the admin's tables, and what cannot, and why."""

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

EDITABLE: dict[str, tuple[str, ...]] = {
    "workshops": ("title", "original_idea", "org_id", "template_id", "visibility", "status"),
    "workshop_members": ("role",),
    "step_definitions": ("order", "name", "description", "prompt_template"),
    "workshop_steps": ("status", "output"),
    "sessions": ("ended_at",),
    "build_packs": ("title", "content", "format_type"),
    "piccolo_user": (
        "username",
        "password",
        "first_name",
        "last_name",
        "email",
        "active",
        "admin",
        "superuser",
    ),
}
"""Table -> the columns that a Save can change; of the other tables, none."""
