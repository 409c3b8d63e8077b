"""What application code calls.

Every operation is one statement or one short transaction, safe under concurrent
callers, and joins the Piccolo transaction that its caller has open. One row comes
back as its table object, with ``output`` as a dictionary; anything nested or
aggregated as a typed dictionary (``workshops.types``). Errors are those of
``workshops.errors``: what does not exist is a ``NotFoundError``, what cannot be
used an ``InvalidInputError`` before anything is written.
"""

from inspect import iscoroutinefunction

from workshops.operations.build_packs import (
    RenderedBuildPack,
    generate_build_pack,
    render_build_pack,
)
from workshops.operations.listing import list_organisation_workshops, list_workshops
from workshops.operations.members import (
    add_member,
    member_role,
    remove_member,
    set_member_role,
    transfer_ownership,
)
from workshops.operations.reading import (
    WorkshopChange,
    current_step,
    get_shared_workshop,
    get_step,
    get_workshop,
    step_context,
    watch_workshops,
)
from workshops.operations.sessions import close_idle_sessions, close_session, record_activity
from workshops.operations.steps import (
    append_step_message,
    complete_step,
    merge_step_output,
    reopen_step,
    request_regeneration,
    reset_step,
    save_step_output,
    start_step,
)
from workshops.operations.user_data import delete_user_data, export_user_data
from workshops.operations.workshops import (
    create_workshop,
    delete_workshop,
    set_workshop_status,
    share_workshop,
    unshare_workshop,
    update_workshop,
)
from workshops.tracing import traced

__all__ = [
    "RenderedBuildPack",
    "WorkshopChange",
    "add_member",
    "append_step_message",
    "close_idle_sessions",
    "close_session",
    "complete_step",
    "create_workshop",
    "current_step",
    "delete_user_data",
    "delete_workshop",
    "export_user_data",
    "generate_build_pack",
    "get_shared_workshop",
    "get_step",
    "get_workshop",
    "list_organisation_workshops",
    "list_workshops",
    "member_role",
    "merge_step_output",
    "record_activity",
    "remove_member",
    "render_build_pack",
    "reopen_step",
    "request_regeneration",
    "reset_step",
    "save_step_output",
    "set_member_role",
    "set_workshop_status",
    "share_workshop",
    "start_step",
    "step_context",
    "transfer_ownership",
    "unshare_workshop",
    "update_workshop",
    "watch_workshops",
]

for _name in __all__:
    if iscoroutinefunction(operation := globals()[_name]):
        globals()[_name] = traced(operation)
