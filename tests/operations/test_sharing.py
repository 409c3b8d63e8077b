"""Sharing a workshop by a secret link."""

from __future__ import annotations

import asyncio
import re

import pytest

from workshops import operations
from workshops.errors import InvalidInputError, NotFoundError, SharedWorkshopNotFoundError
from workshops.tables import Workshop

pytestmark = pytest.mark.usefixtures("database")


async def test_a_shared_workshop_is_found_by_its_token(workshop: Workshop) -> None:
    """With everything that get_workshop returns."""
    token = await operations.share_workshop(workshop.id)
    found = await operations.get_shared_workshop(token)
    assert found == await operations.get_workshop(workshop.id)
    assert found["visibility"] == "shared"


async def test_a_token_is_long_random_and_fit_for_a_url(workshop: Workshop) -> None:
    """At least 144 bits in characters that need no escaping, another one each time."""
    tokens = set()
    for _ in range(5):
        tokens.add(await operations.share_workshop(workshop.id))
        await operations.unshare_workshop(workshop.id)
    assert len(tokens) == 5
    for token in tokens:
        assert re.fullmatch(r"[A-Za-z0-9_-]{24,}", token)


async def test_a_workshop_keeps_its_token_while_it_is_shared(workshop: Workshop) -> None:
    """However often and by however many at once it is shared."""
    tokens = await asyncio.gather(*(operations.share_workshop(workshop.id) for _ in range(10)))
    assert len({*tokens, await operations.share_workshop(workshop.id)}) == 1


async def test_a_private_workshop_is_never_found(workshop: Workshop) -> None:
    """Not after it was unshared, and not by a token that somebody left in its row."""
    token = await operations.share_workshop(workshop.id)
    private = await operations.unshare_workshop(workshop.id)
    assert private.visibility == "private"
    assert private.share_token is None
    with pytest.raises(SharedWorkshopNotFoundError):
        await operations.get_shared_workshop(token)
    await Workshop.update({Workshop.share_token: token}).where(Workshop.id == workshop.id)
    with pytest.raises(SharedWorkshopNotFoundError):
        await operations.get_shared_workshop(token)
    assert await operations.share_workshop(workshop.id) != token


async def test_unsharing_a_private_workshop_leaves_it_private(workshop: Workshop) -> None:
    """It is no error."""
    assert (await operations.unshare_workshop(workshop.id)).visibility == "private"


async def test_a_wrong_token_is_not_found_and_not_repeated(workshop: Workshop) -> None:
    """The message holds no secret; what cannot be a token is invalid."""
    with pytest.raises(NotFoundError) as raised:
        await operations.get_shared_workshop("guessed")
    assert "guessed" not in repr(raised.value) + str(raised.value)
    with pytest.raises(NotFoundError):
        await operations.get_shared_workshop("")
    with pytest.raises(InvalidInputError, match="token"):
        await operations.get_shared_workshop(None)  # type: ignore[arg-type]
