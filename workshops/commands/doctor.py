"""``piccolo workshops doctor``: how the database and its surroundings are."""

from __future__ import annotations

import sys

from workshops.commands.failures import fails_with_a_sentence
from workshops.database.environment import engine_of_project


@fails_with_a_sentence
async def doctor() -> None:
    """Say in plain words how the database is, and what to do; exit with 1 if there is something.

    It looks at settings, versions, latency, connections, clocks, bloat, indexes, the
    projection, replicas and long transactions, and changes nothing.
    """
    # The admin's tables are no part of a project that registers only `workshops`.
    from workshops.observability.doctor import examine

    findings = await examine(engine_of_project())
    for finding in findings:
        print(f"{finding.subject:<14}{finding.sentence}")
        if finding.advice:
            print(f"{'':<14}-> {finding.advice}")
    if any(finding.advice for finding in findings):
        sys.exit(1)
