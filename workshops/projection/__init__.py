"""What the operators' view is sorted and filtered by, kept up to date beside the product's writes.

Triggers on the product's tables append the identifier of the workshop that changed to
``workshops_admin.changes``, in the transaction of the change, and do nothing else: they
lock no row that another program can want, and do nothing where a table of ours is missing.
A *folder* takes entries from that queue and computes the rows of
``workshops_admin.summaries`` anew from what is committed. It runs every second while the
site is served (``keep_up``), when a page is opened (``catch_up``), and by ``piccolo
workshops refresh``.

**One folder at a time.** It holds a transaction's advisory lock, which is only tried:
a folder that does not get it leaves the work to the one that has it.

**Nothing is lost.** Entries are deleted, summaries written, listeners notified and the
time of it stored in one transaction. An entry becomes visible with the change that it
tells of, so a folder that sees it computes from that change, in whatever order others
commit; and a folder that dies leaves the entries where they were.

**An entry without a workshop means all of them:** the order of the steps changed, a table
was truncated, or the triggers were missing for a while. The folder then computes every
summary.

**Where nothing tells of changes**, on tables that are spread over a cluster and so have no
triggers, every summary is computed anew every ten seconds (``folder.PERIOD``).

**The queue is bounded.** Each hundredth append counts in the sequence ``changes_waiting``.
If that says that more than a million wait, it removes two hundred of them, any that nobody
has locked, and then advances ``changes_missed``. Sequences belong to no transaction:
everybody has their latest values, and waits for nobody. A folder reads ``changes_missed``
first. Beyond ``state.missed`` it computes every summary and stores what it had read. So
what was removed is made up for: an entry can be removed only when the change that it tells
of is committed, and the folder that sees the trace of it computes from a later snapshot. A
removal that is rolled back leaves its entries, and costs a folder the work for nothing.
"""

from workshops.projection.folder import (
    CHANNEL,
    Fold,
    Freshness,
    catch_up,
    fold,
    freshness,
    keeping_up,
    refresh,
)
from workshops.projection.listening import listening, stop_listening
from workshops.projection.summaries import Comparison, compare

__all__ = [
    "CHANNEL",
    "Comparison",
    "Fold",
    "Freshness",
    "catch_up",
    "compare",
    "fold",
    "freshness",
    "keeping_up",
    "listening",
    "refresh",
    "stop_listening",
]
