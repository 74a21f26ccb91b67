"""`photochrom keys`: make, list and revoke API keys, directly in the queue's Redis; the API cannot make keys."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from photochrom.access.keys import KeyLimits, KeyRecord, Scope
from photochrom.times import utc_now

from ..errors import stderr
from ..spelling import Commands
from .queue_at_hand import Data, queue_at_hand

app = typer.Typer(cls=Commands, help="Make, list and revoke API keys.", no_args_is_help=True)
_USUAL = [Scope.READ, Scope.WRITE]
Bound = Annotated[int | None, typer.Option(min=0, help="Overrides the server's setting.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, so that you know which to revoke.")],
    scope: Annotated[
        list[Scope],
        typer.Option(
            help="What it may do; give it more than once for more. `admin` does and sees everything."
        ),
    ] = _USUAL,
    days: Annotated[
        int | None, typer.Option(min=1, help="Days until it expires; without this it never does.")
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            help="Id of a key whose jobs the new one shares, for example to replace it.", metavar="KEY"
        ),
    ] = None,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Overrides the server's setting.")
    ] = None,
    daily_jobs: Bound = None,
    daily_bytes: Bound = None,
    daily_pixels: Bound = None,
    daily_actions: Bound = None,
    data: Data = Path("data"),
) -> None:
    """Make a key and print it once: only its hash is stored.

    Only the key goes to stdout, for KEY=$(photochrom keys create laptop).
    """
    limits = KeyLimits(
        requests_per_minute=requests_per_minute,
        daily_jobs=daily_jobs,
        daily_bytes=daily_bytes,
        daily_pixels=daily_pixels,
        daily_actions=daily_actions,
    )
    from photochrom.access.key_store import KeyStore

    with queue_at_hand(data) as redis:
        keys, now = KeyStore(redis), utc_now()
        record, token = KeyRecord.generate(
            name,
            frozenset(scope),
            created_at=now,
            expires_at=now + timedelta(days=days) if days else None,
            limits=limits,
            owner=keys.get(like).owner if like else None,
        )
        keys.add(record)
    typer.echo(token)
    stderr.print(
        f"Key {record.id} may: {', '.join(sorted(record.scopes))}. It is shown only now; keep it safe."
    )


@app.command("list")
def list_keys(data: Data = Path("data")) -> None:
    """List the keys by their ids; the keys themselves are not stored."""
    from photochrom.access.key_store import KeyStore

    with queue_at_hand(data) as redis:
        rows = KeyStore(redis).listed()
    lines: list[tuple[str, ...]] = [("id", "name", "scopes", "jobs of", "created", "expires", "last used")]
    lines += [_row(key, used) for key, used in rows]
    # As wide as it must be: an id that a table cut short could not be revoked.
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Its id, as `list` shows it, or the key itself.")],
    data: Data = Path("data"),
) -> None:
    """Revoke a key at once, with its browser sessions and webhooks; its jobs stay."""
    from photochrom.access.key_store import KeyStore
    from photochrom.webhooks.store import WebhookStore

    with queue_at_hand(data) as redis:
        record = KeyStore(redis).revoke(key_id.removeprefix("phc_").partition("_")[0])
        disabled = WebhookStore(redis).disable_orphans()
    typer.echo(f"Revoked {record.id} ({record.name}).")
    for webhook in disabled:
        typer.echo(f"Disabled its webhook {webhook.id} to {webhook.url}.")


def _row(key: KeyRecord, used: datetime | None) -> tuple[str, ...]:
    expires = "expired" if key.expired(utc_now()) else _day(key.expires_at)
    scopes = " ".join(sorted(key.scopes))
    return key.id, key.name, scopes, key.owner, _day(key.created_at), expires, _day(used)


def _day(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else "never"
