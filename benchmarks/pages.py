"""How long the operators' pages take in the server, with 200,000 workshops."""

from __future__ import annotations

import html
import re
import statistics
import time

import asyncpg
import httpx

from workshops.admin.operators import create_operator

ROUNDS = 7
PAGES = 50

TABLES = (
    *("workshops", "workshop_members", "workshop_steps", "sessions", "build_packs"),
    *("step_definitions", "workshop_progress", "admin_audit_log"),
)


async def measure_pages(pool: asyncpg.Pool) -> bool:
    """Print the median time of every page; return whether all are within their limits."""
    from workshops.app import app

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        await _log_in(client)
        print(f"\nMedians of {ROUNDS} requests, in the server; page 50 of those that have one\n")
        missed = [0, 0]

        def show(name: str, milliseconds: float, limit: float) -> None:
            missed[0] += milliseconds >= limit
            missed[1] += 1
            mark = "   MISSED" if milliseconds >= limit else ""
            print(f"    {name:<68}{milliseconds:>7.1f} ms < {limit:.0f}{mark}", flush=True)

        for query in await _board_queries(pool):
            show(f"board?{query}", await _median(client, f"/progress/?{query}"), 50)
            last = await _last_page(client, f"/progress/?{query}")
            if last is not None:
                show(f"board?{query}, page {PAGES}", last, 50)
        for query in ("", "period=30", "period=365&idle=60"):
            show(f"funnel?{query}", await _median(client, f"/progress/steps/?{query}"), 300)
        workshop_id = await pool.fetchval("SELECT max(id) FROM workshops")
        show("workshop", await _median(client, f"/progress/workshops/{workshop_id}/"), 50)
        for table in TABLES:
            url = f"/admin/api/tables/{table}/?__page=1&__page_size=15&__readable=true"
            show(f"admin: {table}", await _median(client, url), 100)
        print(f"\n{missed[0]} of {missed[1]} pages missed their limit")
    return not missed[0]


async def _log_in(client: httpx.AsyncClient) -> None:
    password = await create_operator("bench", superuser=True)
    await client.get("/admin/")
    answer = await client.post(
        "/admin/public/login/",
        json={"username": "bench", "password": password},
        headers={"X-CSRFToken": client.cookies["csrftoken"]},
    )
    answer.raise_for_status()


async def _board_queries(pool: asyncpg.Pool) -> list[str]:
    """Every sort, and every filter with the values that give much and little."""
    most = (
        "SELECT {0} FROM workshops WHERE {0} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )
    owner = await pool.fetchval(most.format("clerk_user_id"))
    organisation = await pool.fetchval(most.format("org_id"))
    filters = (
        *("", "status=active", "status=draft&status=paused", "step=test", "step=pack&status=draft"),
        *("step=ideate&place=before", "step=ideate&place=past", "idle=14", "idle=400"),
        *(f"owner={owner}", f"organisation={organisation}", "q=pantry+for+schools", "q=zzqx"),
        *("q=1234", "q=77&from=2026-01-01", "q=er+for+com&status=completed&idle=400"),
        *("idle=30&status=active&step=define", f"organisation={organisation}&status=active"),
    )
    return [
        f"{filter}&sort={sort}&order={order}"
        for filter in filters
        for sort in ("activity", "creation", "progress")
        for order in ("down", "up")
    ]


async def _median(client: httpx.AsyncClient, url: str) -> float:
    """Return the median milliseconds of a request, after one that does not count."""
    times = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        answer = await client.get(url)
        times.append((time.perf_counter() - started) * 1000)
        answer.raise_for_status()
    return statistics.median(times[1:])


async def _last_page(client: httpx.AsyncClient, url: str) -> float | None:
    """Return the median of the 50th page, or None where the board ends before."""
    for _ in range(PAGES - 1):
        text = (await client.get(url)).text
        found = re.search(r'href="[^"?]*(\?[^"]*after=[^"]*)"', text)
        if found is None:
            return None
        url = "/progress/" + html.unescape(found[1])
    return await _median(client, url)
