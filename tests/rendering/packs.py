"""Packs as real workshops leave them, and one that looks for trouble."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from workshops.rendering import BuildPackDocument, BuildPackStep
from workshops.step_catalog import STEP_CATALOG

GENERATED_AT = datetime(2026, 7, 24, 14, 5, 9, 123000)

PANTRY_OUTPUTS: dict[str, dict[str, Any]] = {
    "empathize": {
        "summary": "We spoke with nine households and three volunteers of the food bank.\n\n"
        "People do not lack will to share: they lack a moment in which sharing is easy. Food is "
        "noticed on the day it spoils, when nobody is near.",
        "personas": [
            {
                "age": 34,
                "name": "Dana, nurse on shifts",
                "pains": ["buys for a week that never happens", "ashamed to ask neighbours"],
                "quote": "I throw away a bag of salad every single week.",
                "goals": ["less waste", "no extra errand"],
            },
            {
                "age": 71,
                "name": "Herr Yılmaz, retired baker",
                "pains": ["bakes for six, lives alone"],
                "quote": "Bread is made for many. Alone, it is only flour.",
                "goals": ["company", "being useful"],
            },
        ],
        "messages": [
            {"role": "user", "content": "We want to help people share food."},
            {"role": "assistant", "content": "Who throws food away today, and when?"},
        ],
        "interviews": 12,
    },
    "define": {
        "problem_statement": "Households with irregular days need a way to hand over food "
        "before it spoils that takes under a minute, because planning ahead is exactly what they "
        "cannot do.",
        "how_might_we": [
            "How might we notice food two days before it spoils?",
            "How might we make a hand-over feel like a favour to the giver?",
            "How might we do without an appointment?",
        ],
    },
    "ideate": {
        "ideas": [
            {"title": "Stairwell shelf", "votes": 9, "effort": "low", "in_scope": True},
            {"title": "Fridge camera", "votes": 4, "effort": "high", "in_scope": False},
            {
                "title": "Photo, then a nudge after 24 h",
                "votes": 11,
                "effort": "medium",
                "in_scope": True,
            },
            {"title": "Points for givers", "votes": 2, "effort": "low", "in_scope": None},
        ],
        "participants": 6,
        "parked": ["a marketplace with prices", "delivery by bicycle"],
    },
    "prototype": {
        "kind": "paper",
        "screens": [
            {
                "name": "Offer",
                "shows": "One photo, one sentence, one button.",
                "open_questions": [],
            },
            {
                "name": "Nearby",
                "shows": "Offers within 300 m, soonest to spoil first.\nNo map: a list is faster.",
                "open_questions": ["How exact may the place be?", "What if nobody is near?"],
            },
        ],
        "sketch": "+----------------+\n|  [ photo ]     |\n|  Rye bread     |\n"
        "|  until: Friday |\n|  [ Offer it ]  |\n+----------------+\n  one thumb is enough",
    },
    "test": {
        "sessions": 5,
        "findings": [
            {"finding": "All five found the button, in 4 to 11 seconds", "severity": "none"},
            {"finding": "Three feared judgement for what they throw away", "severity": "high"},
            {
                "finding": "“Until” was read as the shop's date, not the giver's",
                "severity": "medium",
            },
        ],
        "success_rate": 0.8,
    },
    "prioritize": {
        "method": "RICE",
        "features": [
            {"rice": 84.0, "reach": 900, "effort": 2, "feature": "Offer with a photo", "mvp": True},
            {"rice": 61.5, "reach": 700, "effort": 3, "feature": "Nearby list", "mvp": True},
            {"rice": 33.3, "reach": 400, "effort": 2, "feature": "Nudge after 24 h", "mvp": True},
            {"rice": 4.2, "reach": 90, "effort": 8, "feature": "Fridge camera", "mvp": False},
        ],
    },
    "architect": {
        "decisions": [
            {
                "title": "One PostgreSQL, no queue",
                "because": "At 2,000 offers a day, a queue would be one more thing to run.",
                "status": "accepted",
            },
            {
                "title": "Places are rounded to 100 m before they are stored",
                "because": "What is not stored cannot leak. Testers asked for exactly this.",
                "status": "accepted",
            },
        ],
        "components": {
            "api": {"language": "Python", "framework": "FastAPI", "slo": "p95 under 200 ms"},
            "web": {"language": "TypeScript", "offline": True},
        },
        "schema_sql": "CREATE TABLE offers (\n    id         text PRIMARY KEY,\n"
        "    photo_url  text,\n    good_until date NOT NULL,\n    place      geography(Point)\n);",
    },
    "spec": {
        "requirements": [
            {
                "id": "R-1",
                "title": "Offer food",
                "text": "A signed-in person offers one item with a photo and the day until which "
                "it is good. The offer is visible within 5 seconds to everybody within 300 m.",
                "acceptance": [
                    "Given a photo and a day, when I press Offer, then the offer is listed.",
                    "Given no photo, then the button is off and says why.",
                ],
            },
            {
                "id": "R-2",
                "title": "Expire offers",
                "text": "An offer leaves the list at midnight of its day in the giver's zone.",
                "acceptance": ["Given an offer good until Friday, on Saturday it is gone."],
            },
        ],
        "non_functional": {
            "accessibility": "WCAG 2.2 AA",
            "languages": ["de", "tr", "ar"],
            "privacy": "No exact address is stored; see R-2 & <https://example.org/privacy>",
        },
    },
    "story": {
        "stories": [
            {
                "id": "US-1",
                "as_a": "neighbour with too much bread",
                "i_want": "to offer it with one photo",
                "so_that": "somebody takes it today",
                "points": 3,
            },
            {
                "id": "US-2",
                "as_a": "student at the end of the month",
                "i_want": "to see what is near and free",
                "so_that": "I can cook tonight",
                "points": 5,
            },
            {
                "id": "US-3",
                "as_a": "giver",
                "i_want": "no profile of what I waste",
                "so_that": "I am not ashamed",
                "points": 2,
            },
        ],
    },
    "pack": {
        "vision": "No loaf in the Nordstadt is thrown away while somebody next door is hungry.",
        "milestones": [
            {"when": "2026-09-01", "what": "Pilot in two houses"},
            {"when": "2026-11-15", "what": "Nudges on, 200 households"},
            {"when": "2027-02-01", "what": "Decision: whole district, or stop"},
        ],
        "risks": ["Cold stairwells break the habit in winter", "One bad loaf ends the trust"],
    },
}

STRANGE_TEXTS = {
    "typst": '#import "@preview/x:1.0.0": * $ x^2 $ @label <tag> #eval("1") \\ // * _ ` ~ = + - /',
    "markdown": "# no heading\n- no list\n1. no list\n> no quote\n| a | b |\n|---|---|\n![i](http://x/y)",
    "html": "<script>alert(1)</script> &amp; <b>bold</b> <!-- gone? --> [x](javascript:alert(1))",
    "chinese": "邻居之间分享食物，减少浪费。" * 12,
    "arabic": "مشاركة الطعام بين الجيران قبل أن يفسد، 3 أيام على الأكثر.",
    "hebrew": "שכנים חולקים אוכל (ABC) לפני שהוא מתקלקל.",
    "emoji": "🥖🥗 👩‍🍳 👍🏽 🇩🇪",
    "long_word": "Lebensmittelweitergabekoordinationsstelle" * 8,
    "path": "https://example.org/" + "a_very/long-path/" * 14,
    "controls": "bell\x07 escape\x1b[31m null\x00 line\u2028separator",
}


def pack(
    outputs: dict[str, dict[str, Any]],
    *,
    title: str = "Pantry Share: specification",
    workshop_title: str = "Pantry Share",
    idea: str = "An app with which neighbours share food before it spoils.\n\n"
    "It should work for people who never plan.",
) -> BuildPackDocument:
    """A document of the ten steps: those with an output are complete, the next is in progress."""
    steps = [step for step in STEP_CATALOG if step.id in PANTRY_OUTPUTS]
    missing = [step.id for step in steps if step.id not in outputs]
    return BuildPackDocument(
        workshop_id="ws_tz4a98xxat96iws9zmbrgj3a",
        workshop_title=workshop_title,
        title=title,
        idea=idea,
        generated_at=GENERATED_AT,
        steps=[
            BuildPackStep(
                step_id=step.id,
                name=step.name,
                description=step.description,
                order=step.order,
                status="complete"
                if step.id in outputs
                else ("in_progress" if step.id == missing[0] else "not_started"),
                output=outputs.get(step.id),
                completed_at=datetime(2026, 7, 10 + step.order) if step.id in outputs else None,
            )
            for step in steps
        ],
    )


def pantry_pack() -> BuildPackDocument:
    """All ten steps complete."""
    return pack(PANTRY_OUTPUTS)


def half_done_pack() -> BuildPackDocument:
    """Four steps complete, one in progress."""
    first_four = dict(list(PANTRY_OUTPUTS.items())[:4])
    return pack(first_four, title="Pantry Share, first round", idea="")


def strange_pack() -> BuildPackDocument:
    """Text of many scripts, markup of three languages and words without an end."""
    rows = [{"name": name, "text": text[:100]} for name, text in STRANGE_TEXTS.items()]
    return pack(
        {
            "empathize": dict(STRANGE_TEXTS),
            "define": {"table": [row for row in rows if "\n" not in row["text"]]},
            "ideate": {"deep": {"a": {"b": {"c": {"d": {"e": [{"f": {"g": [[["h"]]]}}]}}}}}},
            "prototype": {},
        },
        title="食物 *shared* — مشاركة #1 <b>🥖</b>",
        workshop_title="A | B [c](d)",
    )
