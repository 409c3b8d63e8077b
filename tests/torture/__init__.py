"""Whether anything that was acknowledged is ever lost, doubled or wrong, whatever breaks.

A *driver* (``driver``, ``writing``) lets ten tasks use the operations as an application does,
and notes in a file (``record``) what it is about to write and, after the operation has
returned, that it was. Beside it the site is served, which keeps the operators' view. Both,
and the embedded PostgreSQL below them, are killed, frozen, cut off and run out of disk
(``house``, ``faults``); how long it takes until all answer again is measured
(``recovery``). In the end everything in the file is looked for in the database (``judging``).

``make torture`` runs a quarter of an hour; ``ARGS="--minutes=2 --seed=7"``.
"""
