"""The `photochrom` command."""
