"""Whatever is killed, the data is there and the next start works."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.database.embedded.processes import Kept, Place, busy_backend, kill, sql, wait_until


def test_a_killed_postgres_comes_back(place: Place) -> None:
    """The supervisor restarts PostgreSQL, though one of its processes is still at work."""
    user = place.user()
    config = user.started()
    kept = Kept(config)
    old = place.postmaster()
    with busy_backend(config):
        kill(old)
        wait_until(lambda: kept.is_in(config))
    assert place.postmaster() != old
    user.leave()
    place.wait_until_empty()


def test_a_killed_supervisor_is_replaced(place: Place) -> None:
    """PostgreSQL does not outlive its supervisor, and the next start works."""
    user = place.user()
    config = user.started()
    kept = Kept(config)
    with busy_backend(config):
        kill(place.supervisor())
        assert kept.is_in(place.user().started())
    user.leave()


def test_all_killed_at_once(place: Place) -> None:
    """Nothing of the old server, busy or not, is in the way of the next one."""
    user = place.user()
    config = user.started()
    kept = Kept(config)
    with busy_backend(config):
        kill(place.supervisor(), place.postmaster())
        user.end()
        successor = place.user()
        assert kept.is_in(successor.started())
    successor.leave()
    place.wait_until_empty()


def test_stop_waits_for_a_server_without_supervisor(place: Place) -> None:
    """A user whose supervisor was killed leaves no process behind."""
    user = place.user()
    config = user.started()
    kill(place.supervisor())
    user.leave()
    place.wait_until_empty()
    assert not Path(config["host"]).parent.exists()


def test_a_stale_pid_of_a_live_process(place: Place) -> None:
    """A pid file of a killed server that names a live process of the same user is no obstacle."""
    user = place.user()
    config = user.started()
    kept = Kept(config)
    owner = (place.home / "cluster").stat()
    kill(place.supervisor(), place.postmaster())
    user.end()
    place.wait_until_empty(seconds=20)
    options: Any = (
        {"user": owner.st_uid} if place.account.name == "root" or place.account.uid else {}
    )
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, **options) as other:
        pid_file = place.home / "cluster" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(other.pid), *lines[1:], ""]))
        assert kept.is_in(place.user().started())


def test_an_interrupted_initialisation_is_repeated(new_place: Place) -> None:
    """Killing everything while the database is being made spoils nothing."""
    user = new_place.user()
    wait_until(lambda: (new_place.home / "cluster.unfinished" / "base").exists())
    kill(*new_place.processes())
    user.end()
    assert not (new_place.home / "cluster").exists()
    assert sql(new_place.user().started(), "SELECT 1") == "1"
    assert not (new_place.home / "cluster.unfinished").exists()


def test_a_lost_password_is_replaced(place: Place) -> None:
    """Deleting the password's file makes a new one, not a server that nobody can use."""
    old = (place.home / "password").read_text()
    (place.home / "password").unlink()
    config = place.user().started()
    assert config["password"] != old
    assert sql(config, "SELECT 1") == "1"
