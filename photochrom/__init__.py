"""What service, workers, model and cli share: colour, records, storage, settings, errors."""

__version__ = "0.1.0"
