"""The pages of the step definitions: their form, previews, use and history."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from tests.admin.conftest import AuditLog, save, send
from tests.admin.progress.conftest import make_workshop
from workshops.admin.progress.definitions import fetch_use
from workshops.admin.rules import PROMPT_LENGTH
from workshops.step_catalog import STEP_CATALOG
from workshops.tables import StepDefinition

PAGE = "/progress/definitions/define/"
LONG = "Ask who has this problem, and how they know. " * 20


async def stored() -> StepDefinition:
    """Return the definition as it is stored."""
    definition = await StepDefinition.objects().get(StepDefinition.id == "define")
    assert definition is not None
    return definition


async def opened(client: httpx.AsyncClient, page: str = PAGE) -> dict[str, str]:
    """Return the fields of the form as a browser would send them."""
    text = (await client.get(page)).text
    fields = {
        name: html.unescape(value)
        for name, value in re.findall(r'<input type="\w+"[^>]* name="(\w+)" value="([^"]*)"', text)
    }
    boxes = re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL)
    return fields | {name: html.unescape(value) for name, value in boxes}


def field_of(page: str, name: str) -> str:
    """Return what stands in a field of a page."""
    box = re.search(rf'<textarea [^>]*name="{name}"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    line = re.search(rf'<input type="text" id="{name}"[^>]* value="([^"]*)"', page)
    found = box or line
    assert found, name
    return html.unescape(found[1])


async def test_list_leads_to_every_definition(superuser: httpx.AsyncClient, database: str) -> None:
    """All definitions are there in their order, each with its page."""
    page = (await superuser.get("/progress/definitions/")).text
    found = re.findall(r'/progress/definitions/(\w+)/">(\d+)\. (\w+)</a>', page)
    assert found == [(step.id, str(step.order), step.name) for step in STEP_CATALOG]
    assert (await superuser.get("/progress/definitions/define/")).status_code == 200


async def test_texts_are_saved_and_seen(superuser: httpx.AsyncClient, database: str) -> None:
    """What is typed is stored; the page says so, and workshops show it."""
    workshop = await make_workshop()
    before = await stored()
    fields = await opened(superuser)
    fields |= {"name": " Pin down ", "description": "Say it\r\nclearly.", "prompt_template": LONG}
    answer = await superuser.post(PAGE, data=fields)
    assert answer.status_code == 303
    after = await stored()
    assert (after.name, after.description, after.prompt_template) == (
        *("Pin down", "Say it\nclearly.", LONG),
    )
    assert after.updated_at > before.updated_at
    assert "Saved." in (await superuser.get(answer.headers["location"])).text
    assert "Pin down" in (await superuser.get(f"/progress/workshops/{workshop.id}/")).text


async def test_history_shows_long_texts_whole(
    superuser: httpx.AsyncClient, database: str, audit_log: AuditLog
) -> None:
    """The log keeps old and new text whole, from the page and from the tables, one entry each."""
    fields = await opened(superuser)
    await superuser.post(PAGE, data=fields | {"prompt_template": LONG})
    changed = LONG.replace("and how they know. Ask", "and since when. Ask", 1)
    row = await save(superuser, "step_definitions", "define", prompt_template=changed)
    assert row.status_code == 200, row.text
    first, second = await audit_log.entries(table_name="step_definitions")
    assert first["changes"] == {"prompt_template": [None, LONG]}
    assert second["changes"] == {"prompt_template": [LONG, changed]}
    assert first["operator"] == second["operator"] == "grace"
    page = (await superuser.get(PAGE)).text
    history = page[page.index('id="history"') :]
    assert "<del>how they know. </del><ins>since when. </ins>" in history
    # It can be edited as it was before.
    before = f"{PAGE}?before={second['id']}"
    assert before in html.unescape(page)
    page = (await superuser.get(before)).text
    assert field_of(page, "prompt_template") == LONG
    assert "This is not saved yet." in page


async def test_entry_that_the_trigger_has_shortened(
    superuser: httpx.AsyncClient, database: str
) -> None:
    """Of an old entry the page says that only the beginning was kept, and offers no way back."""
    await StepDefinition.raw(
        "INSERT INTO workshops_admin.admin_audit_log"
        " (operator, action, table_name, row_id, changes)"
        " VALUES ('ada', 'changed', 'step_definitions', 'story',"
        " json_build_object('prompt_template', json_build_array('short', {} || '…')))",
        "x" * 200,
    )
    page = (await superuser.get("/progress/definitions/story/")).text
    assert "The log has kept only the beginning of this text." in page
    assert "Edit as it was before" not in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": " "}, "The name must not be empty."),
        ({"name": "x" * 101}, "The name has 101 characters; at most 100 are allowed."),
        ({"description": ""}, "The description must not be empty."),
        (
            {"prompt_template": "x" * (PROMPT_LENGTH + 1)},
            "The prompt has 100,001 characters; at most 100,000 are allowed.",
        ),
    ],
)
async def test_what_cannot_be_stored_is_kept_in_the_form(
    superuser: httpx.AsyncClient, database: str, typed: dict[str, str], sentence: str
) -> None:
    """The sentence stands beside the field, the other fields keep what was typed, too."""
    fields = await opened(superuser)
    other = "description" if "name" in typed else "name"
    fields |= {other: "Something else", **typed}
    answer = await superuser.post(PAGE, data=fields)
    assert answer.status_code == 422
    name = next(iter(typed))
    assert f'<p class="problem" id="problem-{name}">{sentence}</p>' in answer.text
    assert field_of(answer.text, other) == "Something else"
    assert field_of(answer.text, name) == typed[name].strip()
    assert (await stored()).name == "Define"


async def test_two_problems_are_told_at_once(superuser: httpx.AsyncClient, database: str) -> None:
    """Each wrong field has its sentence."""
    fields = await opened(superuser)
    answer = await superuser.post(PAGE, data=fields | {"name": "", "description": ""})
    assert answer.text.count('class="problem"') == 2


async def test_second_of_two_is_told(superuser: httpx.AsyncClient, database: str) -> None:
    """Whoever saves after somebody else loses nothing, and undoes nothing unawares."""
    first = await opened(superuser)
    second = dict(first)
    text = "State the problem in one sentence."
    await superuser.post(PAGE, data=first | {"name": "Pin down", "description": text})
    mine = text.replace("one sentence", "ten words")
    answer = await superuser.post(
        PAGE, data=second | {"description": mine, "prompt_template": LONG}
    )
    assert answer.status_code == 409
    assert "Somebody else has changed this definition" in answer.text
    assert (await stored()).description == text
    # What only the other one has changed is taken over, what both have is shown beside it.
    assert field_of(answer.text, "name") == "Pin down"
    assert field_of(answer.text, "description") == mine
    assert field_of(answer.text, "prompt_template") == LONG.strip() + " "
    assert "<del>one sentence.</del><ins>ten words.</ins>" in answer.text
    again = dict(re.findall(r'name="(opened_with_\w+)" value="(\w+)"', answer.text))
    fields = {**second, **again, "name": "Pin down", "description": mine, "prompt_template": LONG}
    assert (await superuser.post(PAGE, data=fields)).status_code == 303
    after = await stored()
    assert (after.name, after.description, after.prompt_template) == ("Pin down", mine, LONG)


async def test_nothing_to_save(
    superuser: httpx.AsyncClient, database: str, audit_log: AuditLog
) -> None:
    """A form that changes nothing moves no time and writes no entry; line breaks do not count."""
    await StepDefinition.update({StepDefinition.description: "One.\r\nTwo."}).where(
        StepDefinition.id == "define"
    )
    before = await stored()
    answer = await superuser.post(PAGE, data=await opened(superuser))
    assert "there was nothing to save" in (await superuser.get(answer.headers["location"])).text
    after = await stored()
    assert (after.description, after.updated_at) == (before.description, before.updated_at)
    assert await audit_log.entries(table_name="step_definitions") == []


async def test_prompt_can_be_taken_away(superuser: httpx.AsyncClient, database: str) -> None:
    """An empty prompt is none."""
    await StepDefinition.update({StepDefinition.prompt_template: "Ask."}).where(
        StepDefinition.id == "define"
    )
    await superuser.post(PAGE, data=await opened(superuser) | {"prompt_template": ""})
    assert (await stored()).prompt_template is None


async def test_preview_saves_nothing(superuser: httpx.AsyncClient, database: str) -> None:
    """The texts are shown as a workshop, a build pack and Markdown show them, harmless."""
    fields = await opened(superuser)
    fields |= {
        "name": "Pin <b>down</b>",
        "description": "Say *it*.",
        "prompt_template": "# Ask\n\n- who\n- why\n\n<script>alert(1)</script>",
        "preview": "1",
    }
    page = (await superuser.post(PAGE, data=fields)).text
    shown = page[page.index('id="preview"') : page.index('id="preview-problem"')]
    assert "<h4>2. Pin &lt;b&gt;down&lt;/b&gt;</h4>" in shown
    assert "Say *it*. No output yet." in shown
    assert "<em>Say *it*.</em>" in shown
    assert "<h4>Ask</h4>" in shown
    assert "<li>who</li>" in shown
    assert "<script>" not in shown
    assert field_of(page, "name") == fields["name"]
    assert (await stored()).name == "Define"


async def test_use_is_counted(superuser: httpx.AsyncClient, database: str) -> None:
    """How many workshops have the step, are at it, and in which status; of many, estimated."""
    for complete in (0, 1, 2, 2):
        await make_workshop(complete=complete)
    page = (await superuser.get(PAGE)).text
    assert "<strong>4</strong> of 4 workshops have this step." in page
    assert '/progress/?step=define">1 is at it now</a>' in page
    figures = dict(re.findall(r"<dt>([\w ]+)</dt><dd>(\d+)</dd>", page))
    assert figures == {"Open": "1", "In progress": "1", "Done": "2"}
    use = await fetch_use("define", sample_size=2)
    assert use["sampled"]
    assert sum(use["statuses"].values()) == 4


async def test_viewer_reads(viewer: httpx.AsyncClient, database: str, audit_log: AuditLog) -> None:
    """Who may only look sees texts, previews and history, and can send nothing."""
    page = await viewer.get(PAGE)
    assert page.status_code == 200
    assert f'action="{PAGE}"' not in page.text
    answer = await viewer.post(PAGE, data={"name": "Mine"})
    assert answer.status_code == 403
    [entry] = await audit_log.entries(action="refused")
    assert (entry["table_name"], entry["row_id"]) == ("step_definitions", "define")
    assert (await stored()).name == "Define"


async def test_form_of_another_log_in_is_refused(
    superuser: httpx.AsyncClient, database: str
) -> None:
    """Without the token of this log-in nothing is saved."""
    fields = await opened(superuser) | {"name": "Theirs", "csrf_token": "0" * 64}
    assert (await superuser.post(PAGE, data=fields)).status_code == 403
    assert (await stored()).name == "Define"


@pytest.mark.parametrize("step_id", ["nothing", "x" * 300, "%E2%80%AE"])
async def test_unknown_definition(
    superuser: httpx.AsyncClient, database: str, step_id: str
) -> None:
    """There is no page for what does not exist, and nothing to save."""
    page = f"/progress/definitions/{step_id}/"
    assert (await superuser.get(page)).status_code == 404
    assert (await send(superuser, PAGE, page, name="x")).status_code == 404


@pytest.mark.parametrize("entry", ["0", "x", "9" * 30, "²"])
async def test_unknown_entry(superuser: httpx.AsyncClient, database: str, entry: str) -> None:
    """An entry that does not exist changes nothing of the form."""
    page = await superuser.get(PAGE, params={"before": entry})
    assert field_of(page.text, "name") == "Define"
