"""The faults of libraries that the code works around, one test each.

Each asserts what the library should do and is expected to fail. On the day that a new
version mends it, the test passes, which ``strict`` makes a failure: its reason names the
workaround that may go then, and the test with it.
"""
