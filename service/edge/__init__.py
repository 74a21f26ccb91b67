"""HTTP as such; nothing here knows a subject of the service."""
