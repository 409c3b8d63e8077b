"""Running PostgreSQL as a user with fewer rights than root, who still reaches root's directories.

PostgreSQL refuses to run as root. The unprivileged user must pass through
directories that may be closed to all but root (a checkout under ``/root``, the
private directory of the server), and opening these would open them to everybody.
So the process keeps one capability, by which it may read and traverse, across the
change of user. Only Linux has these; elsewhere, and in a container that takes them
away, the directories must be open to that user.

Not by ``setpriv`` of util-linux: macOS has none, Busybox's changes no user and sets no signal
for the parent's death, and a supervisor killed just before it did would leave a server behind.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .layout import EmbeddedServerError, Layout

CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2

_PR_SET_PDEATHSIG = 1
_PR_GET_SECUREBITS = 27
_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522

if sys.platform == "linux":
    _libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """Whom the server runs as, and the capability that it keeps."""

    uid: int
    gid: int
    capability: int | None


def choose_account(layout: Layout, program: Path) -> Account | None:
    """Return whom root should run the server as; None for an ordinary user, who runs it himself.

    That is the owner of the data, or ``nobody`` where root owns it.

    Raises:
        EmbeddedServerError: no account can reach the programs and the data.
    """
    if os.geteuid() != 0:
        return None
    owner = layout.home.stat()
    uid, gid = owner.st_uid, owner.st_gid
    if uid == 0:
        import pwd  # not on Windows

        nobody = pwd.getpwnam("nobody")
        uid, gid = nobody.pw_uid, nobody.pw_gid
    if owner.st_uid == 0:
        layout.home.chmod(0o700)  # an earlier server may have needed it open
    # The first is the least. Containers usually have only the second.
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        account = Account(uid, gid, capability)
        if sys.platform == "linux" and _reaches(account, program, layout.home):
            return account
    account = Account(uid, gid, None)
    if owner.st_uid == 0:
        # Others may pass, not look. The cluster and the socket are closed to them too.
        layout.home.chmod(0o711)
    if _reaches(account, program, layout.home):
        return account
    raise EmbeddedServerError(
        f"PostgreSQL does not run as root, and the user {uid} can reach {program} and "
        f"{layout.home} only with a capability that this root does not have. Run as an ordinary "
        "user, or use directories that others may enter."
    )


def _reaches(account: Account, program: Path, home: Path) -> bool:
    become = child_setup(account)

    def setup() -> None:
        become()
        # What PostgreSQL asks itself at its start.
        if not (os.access(program, os.R_OK | os.X_OK) and os.access(home, os.X_OK)):
            raise PermissionError

    try:
        # The supervisor has a single thread, so code may run between fork and exec.
        subprocess.run(
            [program, "-V"],
            preexec_fn=setup,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def child_setup(account: Account | None) -> Callable[[], None]:
    """Return what a child does between fork and exec: change user, and die with its parent."""
    parent = os.getpid()

    def setup() -> None:
        if account is not None:
            _become(account)
        if sys.platform == "linux":
            # After the change of user, which resets it. The signal asks PostgreSQL for
            # a fast shutdown, if the supervisor is killed.
            _call(_libc.prctl, _PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return setup


def _become(account: Account) -> None:
    if account.capability is not None:
        # Without this bit the kernel takes the capabilities away with the user id, and
        # access(2), by which PostgreSQL looks for its own program, ignores them.
        bits = _libc.prctl(_PR_GET_SECUREBITS, 0, 0, 0, 0) | _SECBIT_NO_SETUID_FIXUP
        _call(_libc.prctl, _PR_SET_SECUREBITS, bits, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if account.capability is not None:
        keep = 1 << account.capability
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        # Effective, permitted, inheritable, for the capabilities below 32 and above.
        _call(_libc.capset, header, (ctypes.c_uint32 * 6)(keep, keep, keep, 0, 0, 0))
        _call(_libc.prctl, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, account.capability, 0, 0)


def _call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
