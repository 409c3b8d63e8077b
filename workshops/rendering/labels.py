"""Words for the keys and values of an output, and the order in which keys are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .escaping import inline

NOTHING = "—"
NO_NAME = "(no name)"

DEEPEST_JSON = 100
"""As deep as an output that the operations accept; what another program stored deeper is cut."""

TITLE_KEYS = ("title", "name", "label", "heading", "question", "feature", "story")
READING_ORDER = (
    *("id", "key", "number", "given", "when", "then", "what", *TITLE_KEYS),
    *("metric", "finding", "decision", "risk", "summary", "overview", "description", "text"),
    *("problem_statement", "vision", "goal", "purpose", "age", "role", "as_a", "i_want", "so_that"),
    *("quote", "about", "pains", "goals", "reach", "impact", "confidence", "effort", "rice"),
    *("must", "should", "could", "wont", "says", "thinks", "does", "feels", "today", "target"),
    *("strengths", "weaknesses", "opportunities", "threats", "technology", "because", "why"),
    "",  # every other key, in its stored order
    *("acceptance_criteria", "priority", "likelihood", "severity", "change", "mitigation"),
    *("status", "score", "points", "votes", "verified_by", "owner", "open_questions"),
)
"""jsonb does not keep the order in which keys were written (it sorts them by length), so an output
is laid out in the order in which people read them."""

_RANKS = {key: rank for rank, key in enumerate(READING_ORDER)}
_IDENTIFIER = re.compile(r"[^\W\d_][\w-]*")
_WORD_BREAK = re.compile(r"[_-]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ACRONYM = re.compile(
    "ai|api|aws|b2[bc]|cli|cpu|crm|css|csv|db|faq|gdpr|gtm|hr|html|https?|ids?|io|json|jtbd|kpis?|llm"
    "|mvp|nps|ok|okrs?|os|pdf|poc|pr|qa|rice|roi|saas|sdk|seo|sl[ao]|sms|sql|sso|ui|uri|urls?|ux|wcag"
    "|xml"
)
_PREFIX = re.compile(r"\b(non) ", re.IGNORECASE)
_SPELLINGS = {
    "moscow": "MoSCoW",
    "wont": "won't", "dont": "don't", "cant": "can't", "isnt": "isn't", "arent": "aren't",
    "doesnt": "doesn't", "didnt": "didn't", "couldnt": "couldn't", "shouldnt": "shouldn't",
}  # fmt: skip
_UNITS = {
    "ms": "ms", "kb": "KB", "mb": "MB", "gb": "GB", "tb": "TB", "km": "km", "kg": "kg",
    "kwh": "kWh",
    "eur": "EUR", "usd": "USD", "gbp": "GBP", "chf": "CHF", "percent": "%", "pct": "%",
}  # fmt: skip


def label(key: str) -> str:
    """A key as escaped Markdown: `problem_statement` and `problemStatement` read as words.

    A unit at the end stands in brackets: `response_time_ms` is "Response time (ms)". A key that is
    no identifier was written for people: it stays as it is.
    """
    if not key.strip():
        return NO_NAME
    if not _IDENTIFIER.fullmatch(key):
        return inline(key)
    words = [_word(word) for word in _WORD_BREAK.split(key) if word]
    if len(words) > 1 and (unit := _UNITS.get(words[-1].lower())):
        words[-1] = f"({unit})"
    words[0] = words[0][:1].upper() + words[0][1:]
    return inline(_PREFIX.sub(r"\1-", " ".join(words)))


def _word(word: str) -> str:
    if len(word) > 1 and word.isupper():
        return word
    lower = word.lower()
    return lower.upper() if _ACRONYM.fullmatch(lower) else _SPELLINGS.get(lower, lower)


def reading_order(keys: Iterable[str]) -> list[str]:
    """The keys as people read them: known ones as in `READING_ORDER`, the others as they come."""
    return sorted(keys, key=lambda key: _RANKS.get(_WORD_BREAK.sub("_", key).lower(), _RANKS[""]))


def is_scalar(value: Any) -> bool:
    """Whether JSON writes the value without brackets."""
    return value is None or isinstance(value, (str, bool, int, float))


def is_number(value: Any) -> bool:
    """Whether JSON writes the value as a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def scalar_text(value: Any) -> str:
    """A scalar as plain text, not escaped; numbers as JSON writes them."""
    if isinstance(value, str):
        return value
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value)


def dump_json(value: Any) -> str:
    """JSON text with two spaces per level; lists and objects over 100 levels deep become "…"."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        cut = _to_depth(value, DEEPEST_JSON)
        return json.dumps(cut, indent=2, ensure_ascii=False, allow_nan=False)


def _to_depth(value: Any, levels: int) -> Any:
    if is_scalar(value):
        return value
    if not levels:
        return "…"
    if isinstance(value, Mapping):
        return {key: _to_depth(member, levels - 1) for key, member in value.items()}
    return [_to_depth(member, levels - 1) for member in value]
