"""What service, workers, model and cli share: colour, records, storage, settings, errors."""

__version__ = "1.0.0"
