"""Fuzzing of all code that reads untrusted bytes, with atheris (libFuzzer): `python -m security.fuzz --help`.

Each target is a module with `check(data)`, which must not raise, whatever the bytes, and `seeds()`, small valid inputs
made from code. Findings of long runs are kept in `corpus/<target>/`, and every short run tries them again.
"""
