"""The processes beside our own: the embedded queue server, parents that die, healthchecks."""
