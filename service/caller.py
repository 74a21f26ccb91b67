"""Who makes a request."""

from dataclasses import dataclass, field

from photochrom.access.keys import KeyLimits, KeyRecord, Scope
from photochrom.webhooks.record import Webhook


@dataclass(frozen=True)
class Caller:
    """Who makes a request, and what it may take; without a key it is everybody, where none is asked for."""

    key: KeyRecord | None = None
    limits: KeyLimits = field(default_factory=KeyLimits)
    by_session: bool = False

    @property
    def owner(self) -> str:
        """The owner of what this caller makes; "" is nobody."""
        return self.key.owner if self.key else ""

    @property
    def only(self) -> str | None:
        """The owner whose jobs and batches are all that this caller sees; None for one who sees all."""
        return None if self.key is None or self.key.allows(Scope.ADMIN) else self.key.owner

    @property
    def hears_all(self) -> bool:
        """True for one whose webhooks hear of the jobs of all owners."""
        return self.key is not None and self.key.allows(Scope.ALL_EVENTS)

    def sees_webhook(self, webhook: Webhook) -> bool:
        """Tell whether this webhook is there for the caller: one that hears of all only for who may hear of all."""
        return self.only is None or (self.sees(webhook.owner) and (self.hears_all or not webhook.all_owners))

    def sees(self, owner: str) -> bool:
        """Tell whether what this owner made is there for the caller."""
        return self.only is None or self.only == owner


EVERYBODY = Caller()
