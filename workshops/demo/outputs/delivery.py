"""Outputs of the last four steps: architecture, requirements, user stories, the pack."""

from __future__ import annotations

from typing import Any

from workshops.demo.outputs.cast import Cast, bare, capital, sentence, with_article

_CLIENTS = ("Progressive web app", "Mobile app for Android and iOS", "Server-rendered web pages")
_SERVERS = ("Python with FastAPI", "TypeScript with Hono", "Elixir with Phoenix", "Go, one binary")
_HOSTS = ("one small virtual machine", "a managed container service", "two machines and a spare")
_FIELDS = ("name", "status", "place", "created_at", "changed_by", "photo", "note", "due_at")
_CHECKS = ("automatic test", "walk-through with two users", "review", "test on an old phone")
_RISKS = (
    "The person who keeps the data is on leave in August",
    "Reception is bad where it matters most",
    "People go back to the telephone in the first stressful week",
    "Access to {existing} takes longer than promised",
    "The first version gets a second wish list before it is used",
)
_NEXT = (
    "Show the stories to a builder and ask for an estimate",
    "Agree on a start date with {company}",
    "Find five more people who want to try it",
    "Ask for access to {existing}",
    "Write down today's numbers before anything changes",
)


def architect(cast: Cast) -> dict[str, Any]:
    """Components with technologies, the data, and the decisions behind them."""
    idea, rng = cast.idea, cast.rng
    client = rng.choice(_CLIENTS)
    return {
        "components": [
            {
                "name": "Client",
                "technology": client,
                "responsibility": f"What {with_article(idea.role)} sees",
            },
            {
                "name": "API",
                "technology": rng.choice(_SERVERS),
                "responsibility": f"Rules about every {cast.thing}",
            },
            {"name": "Database", "technology": "PostgreSQL", "responsibility": "The only truth"},
            {
                "name": "Connector",
                "technology": "Scheduled job",
                "responsibility": f"Reads from {idea.existing}",
            },
        ],
        "data_model": {
            entity: ["id", *rng.sample(_FIELDS, rng.randint(2, 4))] for entity in idea.entities
        },
        "decisions": [
            {
                "decision": f"{client} first",
                "because": "Nobody wants to install anything before it has proved useful",
            },
            {
                "decision": f"Read from {idea.existing}, never write to it",
                "because": "A mistake of ours must not spread",
            },
        ],
        "hosting": rng.choice(_HOSTS),
        "monthly_cost_eur": rng.randrange(15, 240, 5),
    }


def spec(cast: Cast) -> dict[str, Any]:
    """Numbered requirements that can be checked."""
    idea, rng = cast.idea, cast.rng
    name, today, target = idea.metric
    return {
        "requirements": [
            {
                "id": f"FR-{number}",
                "text": f"The product offers {feature}, so that {benefit}.",
                "priority": "must" if number <= 2 else rng.choice(("should", "could")),
                "verified_by": rng.choice(_CHECKS),
            }
            for number, (feature, benefit) in enumerate(cast.features, start=1)
        ],
        "non_functional": {
            "response_time_ms": rng.choice((200, 300, 500, 1000)),
            "availability_percent": rng.choice((99, 99.5, 99.9)),
            "languages": rng.randint(1, 4),
            "accessibility": "WCAG 2.2 AA",
            "works_offline": rng.random() < 0.5,
        },
        "acceptance": f"{capital(name)}: {target} instead of {today}, measured over a month.",
        "open_questions": [f"Who decides when {idea.existing} says something else?"],
    }


def story(cast: Cast) -> dict[str, Any]:
    """User stories with acceptance criteria and points."""
    rng = cast.rng
    stories = []
    for number, (feature, benefit) in enumerate(cast.features[:4], start=1):
        person = cast.personas[(number + 1) % 2]
        stories.append(
            {
                "id": f"US-{number}",
                "title": bare(feature),
                "as_a": person.role,
                "i_want": feature,
                "so_that": benefit,
                "acceptance_criteria": [
                    f"Given {with_article(cast.thing)}, when {person.first_name} uses it for the "
                    f"first time, then no explanation is needed.",
                    f"Given no reception, when {person.first_name} goes on, then nothing is lost.",
                ],
                "points": rng.choice((1, 2, 3, 5, 8)),
            }
        )
    return {"stories": stories, "total_points": sum(int(str(row["points"])) for row in stories)}


def pack(cast: Cast) -> dict[str, Any]:
    """What a builder has to know on one page."""
    idea, rng = cast.idea, cast.rng
    name, today, target = idea.metric
    return {
        "summary": f"{{company}} wants to {idea.need}. The first version offers "
        f"{cast.features[0][0]} and {cast.features[1][0]}. It has succeeded when this number goes "
        f"from {today} to {target}: {name}.",
        "next_actions": [
            sentence(text.replace("{existing}", idea.existing)) for text in rng.sample(_NEXT, 3)
        ],
        "risks": [
            {
                "risk": sentence(text.replace("{existing}", idea.existing)),
                "likelihood": rng.choice(("low", "medium", "high")),
            }
            for text in rng.sample(_RISKS, 2)
        ],
        "contact": f"{cast.personas[0].name}, {idea.role}",
        "ready_to_build": True,
    }
