"""Chat turns of a step, as a product keeps them beside the result."""

from __future__ import annotations

from workshops.demo.outputs.cast import Cast, sentence

_QUESTIONS = {
    "empathize": "Who did you talk to, and what did they say in their own words?",
    "define": "If you could solve only one thing, what would it be?",
    "ideate": "Which ideas made somebody laugh? Let us keep those for a moment.",
    "prototype": "What could you show tomorrow with nothing but paper?",
    "test": "Where did people hesitate?",
    "prioritize": "What would you still build if you had a single week?",
    "architect": "Which systems are there already, and who looks after them?",
    "spec": "How would you notice that a requirement is met?",
    "story": "Who is it for, and what can they do afterwards that they cannot do now?",
    "pack": "Who will read this first, and what will they ask?",
}
_ANY_QUESTION = "What do you know about this already?"
_FOLLOW_UPS = (
    "That is concrete. Can you give me one example from last week?",
    "I have noted it. What would {name} say to that?",
    "Good. Is there anything that must not happen?",
)
_REPLIES = (
    "Last Tuesday, just before closing time. It took an hour to put right.",
    "I would have to ask, but I think that they would agree.",
    "Yes: it must never be slower than what we do today.",
    "Not sure yet. Put a question mark behind it.",
)


def messages(cast: Cast, step_id: str) -> list[dict[str, str]]:
    """Two to six turns of a conversation about the step, the guide asking first."""
    idea, rng = cast.idea, cast.rng
    first_answer = rng.choice(
        (*idea.quotes, *(sentence(pain) for pain in idea.pains), sentence(idea.because))
    )
    turns = [("assistant", _QUESTIONS.get(step_id, _ANY_QUESTION)), ("user", first_answer)]
    name = cast.personas[1].first_name
    for follow_up in rng.sample(_FOLLOW_UPS, rng.randint(0, 2)):
        turns.append(("assistant", follow_up.format(name=name)))
        turns.append(("user", rng.choice(_REPLIES)))
    return [{"role": role, "content": content} for role, content in turns]
