"""Fuzzing of all that reads strangers' bytes, with atheris (libFuzzer): `python -m security.fuzz --help`.

Each target is a module with `check(data)`, which may raise nothing, whatever the bytes, and `seeds()`, small valid
inputs made from code. What a long run found is kept in `corpus/<target>/` and tried again by every short one.
"""
