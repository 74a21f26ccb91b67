"""The HTTP front end: FastAPI over the job records, the queue and the storage."""
