"""Plausible outputs of the ten steps, each a JSON object of its own shape.

Their texts may hold the slots `{place}` and `{company}`, where it does not matter for the layout of
a build pack how long the name is: in texts that are short or long in any case.
"""

from collections.abc import Callable
from typing import Any

from workshops.demo.outputs.cast import Cast, bare, make_cast, sentence
from workshops.demo.outputs.conversations import messages
from workshops.demo.outputs.delivery import architect, pack, spec, story
from workshops.demo.outputs.discovery import define, empathize, ideate
from workshops.demo.outputs.proof import prioritize, prototype, test

OUTPUTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "empathize": empathize,
    "define": define,
    "ideate": ideate,
    "prototype": prototype,
    "test": test,
    "prioritize": prioritize,
    "architect": architect,
    "spec": spec,
    "story": story,
    "pack": pack,
}
"""By step id."""


def plain_output(cast: Cast, name: str) -> dict[str, Any]:
    """The output of a step that the catalogue does not know: what was said and agreed."""
    (feature, benefit), (second, _) = cast.features[:2]
    return {
        "summary": f"{name}: we talked about {feature} and {second}.",
        "where": "{place}",
        "notes": [sentence(cast.rng.choice(cast.idea.pains)), cast.idea.quotes[0]],
        "agreed": f"{bare(feature)} comes first, so that {benefit}.",
    }


__all__ = ["OUTPUTS", "Cast", "make_cast", "messages", "plain_output"]
