"""Words for the keys and scalars of an output."""

from __future__ import annotations

import json
import re
from typing import Any

from .escaping import inline
from .json_document import integer_text

NOTHING = "—"
NO_NAME = "(no name)"

_IDENTIFIER = re.compile(r"[^\W\d_][\w-]*")
_WORD_BREAK = re.compile(r"[_-]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ACRONYM = re.compile(
    "ai|api|aws|b2[bc]|cli|cpu|crm|css|csv|db|faq|gdpr|gtm|hr|html|https?|ids?|io|json|jtbd|kpis?|llm"
    "|mvp|nps|ok|okrs?|os|pdf|poc|pr|qa|rice|roi|saas|sdk|seo|sl[ao]|sms|sql|sso|ui|uri|urls?|ux|wcag"
    "|xml"
)


def label(key: str) -> str:
    """A key as escaped Markdown: `problem_statement` and `problemStatement` read as words.

    A key that is no identifier was written for people: it stays as it is.
    """
    if not key.strip():
        return NO_NAME
    if not _IDENTIFIER.fullmatch(key):
        return inline(key)
    words = [_word(word) for word in _WORD_BREAK.split(key) if word]
    words[0] = words[0][:1].upper() + words[0][1:]
    return inline(" ".join(words))


def _word(word: str) -> str:
    if len(word) > 1 and word.isupper():
        return word
    lower = word.lower()
    return lower.upper() if _ACRONYM.fullmatch(lower) else lower


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
    if isinstance(value, int):
        return integer_text(value)
    return json.dumps(value)
