"""What the operators' view is sorted and filtered by, kept up to date beside the product's writes.

Triggers on the product's tables append the identifier of the workshop that changed to
``workshops_admin.changes``, in the transaction of the change, and do nothing else: they
lock no row that somebody else can want, and do nothing where a table of ours is missing.
A *folder* takes entries from that queue and computes the rows of
``workshops_admin.summaries`` anew from what is committed. It runs every second while the
site is served (``keep_up``), when a page is opened (``catch_up``), and by ``piccolo
workshops refresh``.

**One folder at a time.** It holds a transaction's advisory lock, which is only tried:
whoever does not get it leaves the work to the one who has it.

**Nothing is lost.** Entries are deleted, summaries written, listeners notified and the
time of it stored in one transaction. An entry becomes visible with the change that it
tells of, so a folder that sees it computes from that change, in whatever order others
commit; and a folder that dies leaves the entries where they were.

**An entry without a workshop means all of them:** the order of the steps changed, a table
was truncated, or the triggers were missing for a while. The folder then computes every
summary.

**The queue is bounded.** Two sequences belong to it. They are no part of any transaction,
so everybody has their latest values and waits for nobody.

1. A trigger counts in ``changes_waiting`` and appends while that is at most a million.
   Otherwise it advances ``changes_missed`` instead. Its transaction has an identifier by
   then, because it has written the row that fired the trigger.
2. A folder that finds ``changes_missed`` beyond ``state.missed`` first sets
   ``changes_waiting`` back: from here on triggers append again. After that it stores the
   new ``missed``, and as ``state.rebuild_after`` the next identifier that a transaction
   will get. Whoever found the queue full has a lower one.
3. As long as one of those lower transactions runs, its change is in no entry and not yet
   to be seen. Folders go on with the entries, and pages say that they are catching up.
4. When all of them have ended, a folder computes every summary and clears
   ``rebuild_after``. Whatever commits after that is in an entry.

A trigger that decides in step 1 and advances ``changes_missed`` only after step 2 has a
lower identifier too; it merely causes one more round. A database that was restored
elsewhere may hold a ``rebuild_after`` that no transaction has reached yet, which counts as
reached.
"""

from workshops.projection.folder import CHANNEL, Fold, fold
from workshops.projection.freshness import Freshness, catch_up, freshness, keeping_up, refresh
from workshops.projection.listening import Subscription, listening, stop_listening
from workshops.projection.summaries import Comparison, compare

__all__ = [
    "CHANNEL",
    "Comparison",
    "Fold",
    "Freshness",
    "Subscription",
    "catch_up",
    "compare",
    "fold",
    "freshness",
    "keeping_up",
    "listening",
    "refresh",
    "stop_listening",
]
