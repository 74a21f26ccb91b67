"""The OpenAPI document: how it is built, its refusals and its samples."""
