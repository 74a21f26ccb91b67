"""Who makes a request."""

from dataclasses import dataclass, field

from photochrom.access.keys import KeyLimits, KeyRecord, Scope
from photochrom.webhooks.record import Webhook


@dataclass(frozen=True)
class Caller:
    """Who makes a request, and its limits. Where the service asks for no key, every caller is `EVERYBODY`."""

    key: KeyRecord | None = None
    limits: KeyLimits = field(default_factory=KeyLimits)
    by_session: bool = False

    @property
    def owner(self) -> str:
        """The owner of what this caller makes; "" means no owner."""
        return self.key.owner if self.key else ""

    @property
    def only(self) -> str | None:
        """The owner whose jobs and batches this caller sees; None for a caller who sees all."""
        return None if self.key is None or self.key.allows(Scope.ADMIN) else self.key.owner

    @property
    def hears_all(self) -> bool:
        """Whether this caller's webhooks receive events of the jobs of all owners."""
        return self.key is not None and self.key.allows(Scope.ALL_EVENTS)

    def sees_webhook(self, webhook: Webhook) -> bool:
        """Return whether the caller may see this webhook; one for all owners needs a caller who may see all events."""
        return self.only is None or (self.sees(webhook.owner) and (self.hears_all or not webhook.all_owners))

    def sees(self, owner: str) -> bool:
        """Return whether the caller may see what this owner made."""
        return self.only is None or self.only == owner


EVERYBODY = Caller()
