"""Who is measured: each a process of its own that times itself (see ``worker``)."""
