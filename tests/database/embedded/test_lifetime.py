"""The server runs exactly as long as somebody uses it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import asyncpg
import pytest

from tests.database.embedded.processes import Kept, Place, sql, wait_until
from workshops.database.embedded import EmbeddedServer, EmbeddedServerError


def test_a_new_directory_gets_a_database(new_place: Place) -> None:
    """The first start makes the database, under any path, and stop leaves no process."""
    user = new_place.user()
    config = user.started()
    query = "SELECT current_database(), current_user, pg_encoding_to_char(encoding)"
    query += " FROM pg_database WHERE datname = current_database()"
    assert sql(config, query) == "workshops|workshops|UTF8"
    assert sql(config, "SELECT lower('ÀÉ'), current_setting('TimeZone')") == "àé|UTC"
    assert len(os.fsencode(new_place.data_dir)) > 300
    assert len(f"{config['host']}/.s.PGSQL.{config['port']}") < 100
    user.leave()
    new_place.wait_until_empty()
    assert not Path(config["host"]).parent.exists()


def test_data_survives_a_restart(place: Place) -> None:
    """What was committed is there at the next start, and the password stays."""
    first = place.user()
    config = first.started()
    kept = Kept(config)
    first.leave()
    again = place.user().started()
    assert kept.is_in(again)
    assert again["password"] == config["password"]


def test_two_users_share_the_server(place: Place) -> None:
    """The one that started it may leave first, and the other one's stop ends it."""
    first, second = place.user(), place.user()
    config = first.started()
    assert second.started() == config
    postmaster = place.postmaster()
    first.leave()
    assert place.postmaster() == postmaster
    assert sql(config, "SELECT 1") == "1"
    second.leave()
    place.wait_until_empty()


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_no_end_of_the_user_leaves_a_server(place: Place, number: str) -> None:
    """Ctrl-C, a closed terminal, a request to end and kill -9 all end the server too."""
    user = place.user()
    user.started()
    # The whole group, as a terminal does it.
    os.killpg(user.process.pid, signal.Signals[number])
    user.process.wait(20)
    place.wait_until_empty(seconds=20)
    assert "database system is shut down" in (place.home / "server.log").read_text()


def test_many_start_at_once_on_nothing(new_place: Place) -> None:
    """Eight processes that start at the same moment get one server."""
    users = [new_place.user() for _ in range(8)]
    configs = [user.started() for user in users]
    assert all(config == configs[0] for config in configs)
    assert sql(configs[0], "SELECT 1") == "1"
    for user in users:
        user.leave()
    new_place.wait_until_empty()


def test_starting_while_another_stops(place: Place) -> None:
    """A user that comes while the server shuts down gets a server that works."""
    rounds = 6
    users = [place.user(rounds=rounds) for _ in range(3)]
    for turn in range(rounds):
        for user in users:
            assert sql(user.started(), "SELECT 1") == "1"
        for user in users[turn % 3 :] + users[: turn % 3]:
            # Not waiting for its stop: the others' starts run into it.
            assert user.process.stdin is not None
            user.process.stdin.write("\n")
            user.process.stdin.flush()
        for user in users:
            assert user.process.stdout is not None
            assert user.process.stdout.readline() == "stopped\n", user.failure()
    place.wait_until_empty(seconds=20)


def test_a_user_comes_and_goes_beside_another(place: Place) -> None:
    """Stops and starts of one process never take the server away from under another's start."""
    one, other = place.user(rounds=8), place.user(rounds=8)
    for _ in range(8):
        assert sql(one.started(), "SELECT 1") == "1"
        one.leave()
        assert sql(other.started(), "SELECT 1") == "1"
        other.leave()


def test_taking_the_directory_away_ends_the_server(own_place: Place) -> None:
    """Nothing goes on running on data that is gone, and the path can be used again at once."""
    config = own_place.user().started()
    old = [own_place.supervisor(), own_place.postmaster()]
    own_place.home.rename(own_place.data_dir / "moved")
    successor = own_place.user().started()
    wait_until(lambda: not any(process.is_running() for process in old))
    wait_until(lambda: not Path(config["host"]).parent.exists())
    assert sql(successor, "SELECT 1") == "1"
    assert (own_place.home / "ready").exists()


def test_a_forked_child_has_a_share_in_the_use(tmp_path: Path) -> None:
    """A child that stops leaves its parent's server alone; start and stop may be repeated."""
    server = EmbeddedServer(tmp_path, durable=False)
    server.start()
    server.start()
    child = os.fork()
    if child == 0:
        server.stop()
        os._exit(0)
    os.waitpid(child, 0)
    assert sql(server.connection_config(), "SELECT 1") == "1"
    server.stop()
    server.stop()
    with pytest.raises(EmbeddedServerError, match="does not run"):
        server.connection_config()


async def test_asyncpg_takes_the_configuration(place: Place) -> None:
    """``connection_config`` holds the arguments of ``asyncpg.connect``."""
    connection = await asyncpg.connect(**place.user().started())
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
