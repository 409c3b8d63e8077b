"""Nothing that people have written runs as a script in an operator's browser."""

from __future__ import annotations

import pytest

from tests.admin.conftest import NewDesk, make_operator
from workshops import operations
from workshops.admin.audit import AuditEntry
from workshops.tables import BuildPack, StepDefinition, WorkshopStep

pytestmark = pytest.mark.browser

ATTACKS = (
    "<img src=x onerror=\"window.attacked='img'\">",
    "<script>window.attacked='script'</script>",
    "<svg onload=\"window.attacked='svg'\"></svg>",
    "{{constructor.constructor('window.attacked=1')()}}",
    "\"><script>window.attacked='quote'</script>",
    "'-(window.attacked='js')-'",
    "[a](javascript:window.attacked=1) <a href=\"javascript:window.attacked='href'\">b</a>",
    "${window.attacked=1} <iframe srcdoc=\"<script>parent.attacked='frame'</script>\"></iframe>",
)
TEXT = " ".join(ATTACKS)
SHORT = ATTACKS[0]
"""For what may have 200 characters."""


@pytest.fixture
async def attacked(database: str) -> str:
    """A workshop in which every text that somebody can write is an attack; returns its key."""
    workshop = await operations.create_workshop(
        clerk_user_id=TEXT[:255],
        title=TEXT[:200],
        original_idea=TEXT,
        org_id=TEXT[:255],
        template_id=TEXT[:255],
    )
    await StepDefinition.update(
        {
            StepDefinition.name: SHORT,
            StepDefinition.description: TEXT,
            StepDefinition.prompt_template: TEXT,
        }
    ).where(StepDefinition.id == "empathize")
    messages = [{"role": attack, "content": attack} for attack in ATTACKS]
    output = {attack: [attack, {attack: attack}] for attack in ATTACKS}
    await operations.save_step_output(
        workshop.id, "empathize", {**output, "table": [output, output], "messages": messages}
    )
    await operations.add_member(workshop.id, SHORT, role=TEXT[:100])
    await operations.generate_build_pack(workshop.id, title=TEXT[:200])
    await AuditEntry(
        operator=SHORT, action="changed", row_id=workshop.id, summary=TEXT, request_line=SHORT
    ).save()
    return workshop.id


async def test_no_text_runs_as_a_script(new_desk: NewDesk, attacked: str) -> None:
    """In the pages, and in the lists and forms of the admin, texts stay texts.

    The Content-Security-Policy is switched off here: it is not what keeps them out.
    """
    await make_operator("grace", superuser=True, first_name=TEXT[:200])
    desk = await new_desk(bypass_csp=True)
    await desk.enter("grace")
    step = await WorkshopStep.select(WorkshopStep.id).where(WorkshopStep.output.is_not_null())
    pack = await BuildPack.select(BuildPack.id)
    places = [
        "/progress/",
        f"/progress/?q={SHORT}&owner={SHORT}&organisation={SHORT}",
        f"/progress/workshops/{attacked}/?unfolded=1",
        "/progress/steps/",
        f"/progress/people/?person={SHORT}",
        "/admin/#/workshops",
        f"/admin/#/workshops/{attacked}",
        "/admin/#/workshop_steps",
        f"/admin/#/workshop_steps/{step[0]['id']}",
        "/admin/#/workshop_members",
        "/admin/#/build_packs",
        f"/admin/#/build_packs/{pack[0]['id']}",
        "/admin/#/step_definitions",
        "/admin/#/step_definitions/empathize",
        "/admin/#/piccolo_user",
        "/admin/#/admin_audit_log",
        "/admin/#/workshop_progress",
    ]
    for place in places:
        await desk.page.goto("about:blank")
        await desk.page.goto(f"{desk.address}{place}")
        await desk.page.wait_for_load_state("networkidle")
        attack = await desk.page.evaluate("window.attacked")
        assert attack is None, place
    # Each was there: the last list shows the title.
    await desk.page.wait_for_selector(f"text={SHORT[:20]}")


async def test_attacks_would_be_noticed(new_desk: NewDesk) -> None:
    """The texts do run where they are taken for HTML, so the test above can fail."""
    desk = await new_desk(bypass_csp=True)
    for attack, expected in (ATTACKS[0], "img"), (ATTACKS[2], "svg"):
        await desk.page.set_content(f"<p>{attack}</p>")
        await desk.page.wait_for_function("window.attacked !== undefined")
        assert await desk.page.evaluate("window.attacked") == expected
