"""The OpenAPI document: how it is built, its error responses and its samples."""
