"""Every fault that the service has to live with, done for real, and one row of a table for each.

A fault is a module with a function `run(folder, **how) -> Row`; `python -m support.faults NAME` runs its long form,
the tests of `tests/faults` the short one.
"""
