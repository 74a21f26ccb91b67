from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.access.keys import KeyLimits, KeyRecord, Scope, id_of
from photochrom.times import utc_now


def made(*scopes: Scope) -> tuple[KeyRecord, str]:
    return KeyRecord.generate("n", frozenset(scopes), created_at=utc_now())


SOME, _ = made()


def test_a_key_begins_with_its_prefix_and_id_and_matches_itself_alone() -> None:
    record, token = made()
    other, _ = made()
    assert token.startswith(f"phc_{record.id}_")
    assert id_of(token) == record.id
    assert record.matches(token)
    assert not other.matches(token)
    assert token.rpartition("_")[2] not in record.model_dump_json()


@given(st.text() | st.from_regex(r"phc_[0-9a-z]{9,11}_[0-9a-z]{31,33}", fullmatch=True))
def test_whatever_is_shown_is_a_key_or_not(text: str) -> None:
    assert not SOME.matches(text)
    found = id_of(text)
    assert found is None or text.startswith(f"phc_{found}_")


@pytest.mark.parametrize("scope", list(Scope))
def test_admin_has_all_scopes_the_others_their_own(scope: Scope) -> None:
    assert made(Scope.ADMIN)[0].allows(scope)
    assert made(scope)[0].allows(Scope.ADMIN) is (scope is Scope.ADMIN)
    assert not made()[0].allows(scope)


def test_a_key_expires_at_its_time() -> None:
    now = utc_now()
    record, _ = KeyRecord.generate("n", frozenset(), created_at=now, expires_at=now + timedelta(days=1))
    assert not record.expired(now)
    assert record.expired(now + timedelta(days=1))
    assert not made()[0].expired(now + timedelta(days=99999))


def test_limits_of_the_key_come_before_those_of_the_server() -> None:
    own = KeyLimits(daily_jobs=0, daily_bytes=5)
    assert own.over(KeyLimits(daily_jobs=9, daily_pixels=7)) == KeyLimits(
        daily_jobs=0, daily_bytes=5, daily_pixels=7
    )
