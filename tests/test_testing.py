"""Tables without the migrations, as an application's own tests make them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Server

PROGRAM = """
import asyncio
from piccolo.table import create_db_tables
from workshops import operations
from workshops.errors import NoStepDefinitionsError
from workshops.tables import TABLES
from workshops.testing import complete_tables

NEW = {"clerk_user_id": "user_1", "title": "Bread", "original_idea": ""}

async def main():
    await create_db_tables(*TABLES)
    try:
        await operations.create_workshop(**NEW)
    except NoStepDefinitionsError:
        print("refused")
    for _ in range(2):
        await complete_tables()
    workshop = await operations.create_workshop(**NEW)
    sessions = [await operations.record_activity(workshop.id) for _ in range(2)]
    print(len((await operations.get_workshop(workshop.id))["steps"]), sessions[0] == sessions[1])

asyncio.run(main())
"""


async def test_tables_that_piccolo_made_are_completed(
    server: Server, empty_database: str, project_directory: Path
) -> None:
    """Before that no workshop is made; after it, all works as with the migrations."""
    result = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", PROGRAM],
        cwd=project_directory,
        env={"DATABASE_URL": server.url(empty_database), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "refused\n10 True\n", result.stderr
