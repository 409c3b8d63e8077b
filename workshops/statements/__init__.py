"""Statements of our own, below the operations and the admin.

- ``execution`` runs one: in the caller's transaction, the pool, or a new connection.
- ``records`` writes the columns of a table, and reads them.
- ``validation`` checks arguments.
- ``steps`` and ``workshops`` are how a step is changed, a workshop's row made, and in which
  order rows are locked.
"""
