"""A private PostgreSQL that lives exactly as long as it is used.

PostgreSQL is the child of a small supervisor process. Both belong to nobody's
terminal, and neither is told when to stop: who uses the server holds a shared
lock on the file ``lease``, and when the supervisor can take that lock for itself,
nobody is left. The kernel gives a lock back however a process ends, so nothing has
to run in a process that is being killed.

============================  ==================================================
in ``<data_dir>/postgres/``   what it is
============================  ==================================================
``cluster/``                  PostgreSQL's own data directory; ``cluster.unfinished`` while it
                              is made
``password``                  of the role ``workshops``, random
``lease``                     shared lock: one per user; exclusive: shutting down
``supervisor.lock``           held by the supervisor, from the client that
                              starts it on, without a gap
``server.lock``               inherited by PostgreSQL and all its processes: who
                              gets it knows that none of them is left
``ready``                     exists while the server answers
``socket``                    the path of the private directory of the socket
``server.log``                what PostgreSQL and the supervisor had to say
============================  ==================================================

The package imports only the standard library, and itself by relative imports,
because the supervisor runs it without the rest of the project: it starts in a
twentieth of a second like this.
"""

from .layout import EmbeddedServerError
from .server import EmbeddedServer

__all__ = ["EmbeddedServer", "EmbeddedServerError"]
