"""What types a suite gets, and which mistakes it is spared. Never run: a wrong type fails mypy and pyright.

The functions at the end are wrong on purpose: where a checker no longer sees that, its ``ignore`` is unused, and it
says so.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import httpx
import pytest
import respx
from hypothesis.strategies import SearchStrategy
from typing_extensions import assert_type

from pytest_aurous import (
    ApiKey,
    Aurous,
    AurousServer,
    BadDay,
    Call,
    Character,
    Clock,
    Fault,
    Image,
    Operation,
    Pitfall,
    Script,
    Snapshot,
    Team,
    aurous_explore,
    aurous_settings,
    sign_webhook,
)
from pytest_aurous.hypothesis import attributes, bad_days, characters, scripts


def types(aurous: Aurous, character: Character) -> None:
    """Nothing that a test gets is `Any`, but what JSON has."""
    assert_type(aurous.api_key, ApiKey)
    assert_type(aurous.base_url, str)
    assert_type(aurous.clock, Clock)
    assert_type(aurous.team, Team)
    assert_type(aurous.client(timeout=1.0), httpx.Client)
    assert_type(aurous.async_client(), httpx.AsyncClient)
    assert_type(aurous_settings(credits=10), pytest.MarkDecorator)
    assert_type(aurous.route("characters.save"), respx.Route)
    assert_type(aurous.clock.now(), datetime)
    assert_type(character.status, str)
    assert_type(character.json(), dict[str, Any])
    assert_type(aurous.characters.last, Character)
    assert_type(list(aurous.characters), list[Character])
    assert_type(aurous.images.add("A portrait"), Image)
    assert_type(aurous.teams.add(credits=3).add_key(scope="read"), ApiKey)
    assert_type(Script.parse("synthesizing -> reviewing"), Script)
    assert_type(aurous.calls.last, Call)
    assert_type(aurous.calls.last.place, tuple[str, int, str] | None)
    assert_type(aurous.calls.last.stack, tuple[tuple[str, int, str], ...])
    assert_type(aurous.pitfalls, list[Pitfall])
    assert_type(aurous.pitfalls[0].place, tuple[str, int, str] | None)
    assert_type(aurous.calls.last.status, "int | None")
    assert_type(aurous.faults.timeout("characters.*", commit=True), Fault)
    assert_type(aurous.faults.greased("characters.*", "all", times=2), Fault)
    assert_type([call.path for call in aurous.calls.where("characters.*")], list[str])
    day = BadDay("characters.create#1 lost")
    assert_type(day.faults, tuple[str, ...])
    assert_type(aurous.day(day), AbstractContextManager[None])
    assert_type(attributes(), SearchStrategy[dict[str, Any]])
    assert_type(characters(), SearchStrategy[dict[str, Any]])
    assert_type(scripts("images"), SearchStrategy[Script])
    assert_type(bad_days(2, operations=["characters.*"], faults="-crash"), SearchStrategy[BadDay])
    assert_type(sign_webhook(b"{}", "whsec_x"), str)
    assert_type(AurousServer(aurous).env, dict[str, str])
    assert_type(AurousServer(aurous).url, str)
    assert_type(aurous.snapshot(), Snapshot)


def mistakes(aurous: Aurous) -> None:
    """Each line is a mistake."""
    Aurous(credit=10)  # type: ignore[call-arg]
    aurous.characters.add(status=3)  # type: ignore[arg-type]
    aurous.assert_called("characters.*", time=1)  # type: ignore[call-arg]
    aurous.assert_called("characters.*", times="1")  # type: ignore[arg-type]
    aurous.assert_polled(aurous.characters.last, at_lest=1)  # type: ignore[call-arg]
    aurous.day("characters.create#1 lost")  # type: ignore[arg-type]
    aurous.clock.advance(seconds="30")  # type: ignore[arg-type]
    aurous.teams.add().add_key(scope="admin")  # type: ignore[arg-type]
    aurous.calls.where("characters.*", statu=200)  # type: ignore[call-arg]
    aurous.calls.where("characters.*", status="200")  # type: ignore[arg-type]
    aurous.client(time_out=3)  # type: ignore[call-arg]
    aurous.async_client(transport=httpx.HTTPTransport())  # type: ignore[arg-type]
    aurous.faults.timeout("characters.*", phase="send")  # type: ignore[arg-type]
    aurous.faults.timeout("characters.*", time=2)  # type: ignore[call-arg]
    aurous.explore(print, law="ends")  # type: ignore[call-arg]
    aurous.explore(print, patience="all")  # type: ignore[arg-type]
    aurous.loras.add(default_step=20)  # type: ignore[call-arg]
    aurous.webhooks.deliver_to("https://app.example/hooks")  # type: ignore[call-overload]


def mistakes_in_settings() -> None:
    """Each line is a mistake, which a marker would show when it is collected."""
    aurous_settings(credit=10)  # type: ignore[call-arg]
    aurous_settings(sleep="skipped")  # type: ignore[arg-type]
    aurous_settings(readings={"create-4": "published"})  # type: ignore[typeddict-item]
    aurous_settings(readings={"create-5": "ready"})  # type: ignore[typeddict-unknown-key]
    aurous_explore(law="ends")  # type: ignore[call-arg]


def mistakes_in_names() -> Operation:
    """A misspelled name is found where it is annotated."""
    return "characters.crate"  # type: ignore[return-value]
