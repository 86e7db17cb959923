"""One table of recordings: a story, what is changed in its recording, and the rules that this refutes, and no other."""

import json
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pytest

from pytest_aurous._check import rules
from pytest_aurous._check.adapt import find_readings
from pytest_aurous._check.check import Checked
from pytest_aurous._check.rules import judged_rules
from pytest_aurous._check.verdict import Verdicts
from pytest_aurous._core.resources.base.rules import load_rules
from tests.check.changes import (
    IN_USE,
    OTHER,
    OTHER_IMAGE,
    OTHER_REQUEST,
    REPLAYED,
    UNKNOWN_ID,
    Change,
    accepted,
    balances,
    bare,
    begin,
    both,
    dated,
    each,
    empty,
    error,
    events,
    everywhere,
    fields,
    header,
    keyed,
    lacks,
    later,
    left_out,
    more,
    named,
    put,
    refused,
    renamed,
    same_time,
    shown,
    shows,
    status,
    text,
    times,
    too_many,
    turn,
    two_tokens,
    unheard,
    whole,
    without,
    without_usage,
)
from tests.check.story import Entries, body, checked, complete, refuted, sanitized, told
from tests.conftest import slow_but, synthesis_price

NO_DATE: Final = "Fri, 08 May 2026 10:00:00 GMT"
END: Final = "2026-05-08T11:00:00Z"
ONES: Final = ("characters.create", "characters.retrieve", "characters.save")
MADE: Final = "webhook_endpoints.create"
LINES: Final = "usage.breakdown.input"
NEITHER: Final = "characters.create 400 combination"
COST: Final = int(synthesis_price())
BAD_VERSION: Final = refused("characters.retrieve#-1", 400, "unknown_version")
COMBINED: Final = "parameter_invalid_combination"
HARD_CAP: Final = "aurous_metadata.max_output_tokens_hard_cap"
AGAIN: Final = "characters.resynthesize"
STARS: Final = both(*(shows(f"webhook_endpoints.{name}", "events", ["*"]) for name in ("create", "retrieve")))
FEWER: Final = everywhere("x-ratelimit-remaining", lambda value: str(int(value) - 1))
MOVED: Final = text("/storage/", "/storage/eu/")


class Row(NamedTuple):
    """A story, what is changed in its recording, and what a check finds.

    Attributes:
        story: What a client does, and perhaps the readings of the server: ``ready create-4=ready``.
        change: What is changed in its recording.
        refutes: The rules that are refuted; ``img-2, assumed``: by what no page of the vendor states.
        uncovered: The places that differ, and no rule covers them.
        words: The verdicts on some other rules.
        aside: The rules with exchanges that differ and refute nothing; None: whichever they are.
        says: What the report says of a gap, a doubt or an assumption, as a regular expression.
        names: Some places that differ, and that a rule covers, perhaps with what is there.
        offers: The readings that are offered.
        shared: Whether other clients may have used the team.
        under: The readings of the check.
    """

    story: str
    change: Change = len  # nothing
    refutes: str = ""
    uncovered: str = ""
    words: Mapping[str, str] = MappingProxyType({})
    aside: str | None = None
    says: str = ""
    names: Collection[str] = ()
    offers: str = ""
    shared: bool = False
    under: str = ""


def readings_of(written: str) -> dict[str, Any]:
    """Return the setting for readings such as ``create-4=ready``."""
    return {"readings": dict(one.split("=") for one in written.split())} if written else {}


def says(verdicts: Verdicts) -> Iterator[str]:
    """Yield what a check says of gaps, doubts and assumptions."""
    for verdict in verdicts:
        yield from (f"{verdict.rule}: {reason}" for reason in verdict.reasons)
    yield from verdicts.inferred
    yield from verdicts.omitted


# Changes that one row needs


def same(at: str, like: str, name: str) -> Change:
    """Let a response show a field as another one does."""
    return lambda entries: shows(at, name, shown(entries, like)[name])(entries)


def listed_still(nth: int, **changed: Any) -> Change:
    """Let a list show also the last character that was read."""

    def change(entries: Entries) -> None:
        row = json.loads(named(entries, "characters.retrieve")[-1]["response"]["content"]["text"]) | changed
        fields(f"characters.list#{nth}", lambda one: one["data"].insert(0, row))(entries)

    return change


IN_FLIGHT: Final = both(
    each("images.create#0", lambda entry: entry.update(time=60_000)),
    refused("images.create#1", 409, IN_USE),
    header("images.create 409", "retry-after", None),
)
"""Lets a second attempt come while the first is in flight."""


def misnamed(entries: Entries) -> None:
    """Let the refused save be a refused drawing, and leave the real drawing out."""
    entries[:] = [entry for entry in entries if "resynthesize" not in entry["comment"]]
    entries[2]["request"]["url"] = entries[2]["request"]["url"].replace("/save", "/resynthesize")
    entries[2]["comment"] = "characters.resynthesize; invalid_request_error"


def backwards(entries: Entries) -> None:
    """Let requests at the same time get their responses in another order."""
    for entry, response in zip(entries, [entry["response"] for entry in entries][::-1], strict=True):
        entry["response"] = response


def only(*numbers: int) -> Change:
    """Keep these exchanges alone."""
    return lambda entries: entries.__setitem__(slice(None), [entries[number] for number in numbers])


def found_before(entries: Entries) -> None:
    """Let the recording read a character before it is there."""
    text(OTHER, entries[1]["request"]["url"].rpartition("/")[2])(entries)


def oldest_expired(entries: Entries) -> None:
    """Let the last output be read as early as the first: its end was never shown, and may be long ago."""
    entries[-1]["startedDateTime"] = entries[0]["startedDateTime"]


def odd_upload(entries: Entries) -> None:
    """Let an id of an upload be a number."""
    sent = named(entries, "characters.create")[-1]["request"]["postData"]
    sent["text"] = json.dumps({"name": "A", "upload_ids": [7, *json.loads(sent["text"])["upload_ids"]]})


def dreams(entries: Entries) -> None:
    """Let an unknown path have no response."""
    unheard(1, 503)(entries)
    entries[1]["request"]["url"] = "https://api.aurous-labs.com/v1/dreams"


def elsewhere(entries: Entries) -> None:
    """Let the upload host have other paths."""
    url = shown(entries, "characters.uploads.init")["upload_url"]
    text(url, f"{url.partition('?')[0].rsplit('/', 1)[0]}/elsewhere.png")(entries)


def cut_off(end: str) -> Change:
    """Let a recording have the first event of a stream alone, and this."""

    def change(entries: Entries) -> None:
        first, *_ = named(entries, "chat.create")[0]["response"]["content"]["text"].partition("\n\n")
        whole("chat.create", f"{first}\n\n{end}")(entries)

    return change


def own_slug(entries: Entries) -> None:
    """Let the first style of the list have another id than the fake's, and be read by its slug."""
    fields("loras.list", lambda rows: rows[0].update(id="lora_01KRMEXM09AAAAAAAAAAAAAAAA"))(entries)
    fields("loras.retrieve", lambda one: one.update(shown(entries, "loras.list")[0]))(entries)


def without_headers_of_the_storage(entries: Entries) -> None:
    """Let the storage and the upload host send no headers."""
    for entry in entries:
        if "/storage/" in entry["request"]["url"] or "aurous.storage" in entry["request"]["url"]:
            entry["response"]["headers"] = []


def opaque(at: str) -> Change:
    def change(entries: Entries) -> None:
        for page, following in pairwise(named(entries, at)):
            old = json.loads(page["response"]["content"]["text"])["next_cursor"]
            body(page, put("next_cursor", f"cur_{old[-8:]}"))
            following["request"]["url"] = following["request"]["url"].replace(f"={old}", f"=cur_{old[-8:]}")

    return change


def less(amount: float) -> Callable[[Any], object]:
    """Let a balance show less, with four decimals."""

    def change(content: Any) -> None:
        content.update({name: round(content[name] - amount, 4) for name in ("credits", "available_credits")})

    return change


def blocked(new: int) -> Change:
    """Let the first image be refused by a moderation, and show nothing else."""
    return both(
        refused("images.create#0", new, "prompt_blocked"),
        lambda entries: only(0, entries.index(named(entries, f"images.create {new} ")[0]), 0)(entries),
    )


def cheaper(content: Any) -> None:
    """Let output tokens cost 400 credits a million."""
    lines = content["usage"]["breakdown"]
    lines["output_credits"] = round(content["usage"]["completion_tokens"] * 400 / 1e6, 4)
    content["usage"]["credits_charged"] = round(lines["input_credits"] + lines["output_credits"], 4)


def unkeyed(entries: Entries) -> None:
    """Let the program that recorded have left `Authorization` out, and perhaps the only header with a key."""
    for entry in entries:
        pairs = entry["request"]["headers"]
        bare = [pair for pair in pairs if pair["name"] not in {"authorization", "x-api-key"}]
        entry["request"]["headers"] = pairs if entry["comment"].startswith("team.") else bare


def twice_the_tokens(content: Any) -> None:
    """Let a text have another number of tokens than the fake's guess, at the same rate."""
    for row in (content["tokens"], content["breakdown"]["input"]):
        row["text"] *= 2
    content["tokens"]["total"] = sum(content["tokens"][name] for name in content["tokens"] if name != "total")
    content["credits_estimated"] = sum(content["breakdown"]["input"].values())


ROWS: Final[dict[str, Row]] = {
    # Characters
    "a name comes back in upper case": Row("patched", shows("characters.create", "name", "AURORA"), "create-4"),
    "poses have another order": Row("ready", fields("characters.retrieve#2", turn("refs")), "create-4, assumed"),
    "a pose is missing": Row("ready", lacks("characters.retrieve#2", "refs.-1"), "create-4"),
    "a synthesis ends in ready": Row(
        "characters", both(*(shows(f"characters.retrieve#{nth}", "status", "ready") for nth in (1, 2))), "create-4"
    ),
    "a field is missing, and another is new": Row(
        "held",
        both(lacks("characters.retrieve", "updated_at"), shows("characters.retrieve", "mood", "x")),
        "get-4",
        uncovered="body.mood",
    ),
    "no client reference": Row("account", lacks("characters.create", "client_reference_id"), "create-7"),
    "no refs": Row("characters", lacks("characters.retrieve", "refs"), "get-4"),
    "all have an unknown status": Row("characters", shows("characters.retrieve", "status", "paused"), "cred-5 get-4"),
    "a save is refused": Row("characters", refused("characters.save#0", 400, "invalid_request_error"), "save-1"),
    "a save leaves the review": Row("characters", shows("characters.save", "status", "reviewing"), "save-1"),
    "a second save is a conflict": Row("characters", refused("characters.save#1", 409, IN_USE), "save-2"),
    "a second save changes the time": Row("characters", shows("characters.save#1", "updated_at", END), "save-2"),
    "a quick save is refused": Row("saved_at_once", refused("characters.save", 400, "invalid_request_error"), "save-1"),
    "a save is refused, and a picture shows that it was saved": Row(
        "saved_at_once", both(refused("characters.save", 400, "invalid_request_error"), left_out(-1)), "save-1"
    ),
    "an early save has another code": Row("early", error("characters.save 400", code="invalid_state"), "save-3"),
    "a save costs a credit": Row("published", balances((-1, 0)), "save-5"),
    "a character returns to review": Row("characters", shows("characters.retrieve#4", "status", "reviewing"), "save-6"),
    "a save honors keys": Row("kept_key", refused("characters.save#1", 409, IN_USE), "save-7"),
    "a save reads a body": Row("kept_key", refused("characters.save#2", 400, "invalid_format"), "save-7"),
    "a PATCH merges": Row("patched", shows("characters.update", "attributes.gender", "female"), "patch-1"),
    "an update is an empty 204": Row("characters", empty("characters.update"), "patch-1"),
    "a refused PATCH changes the name": Row("patched", shows("characters.retrieve#-1", "name", "Cirra"), "get-1"),
    "an unknown field is ignored": Row("characters", accepted("characters.update 400", "characters.update"), "patch-2"),
    "what is deleted is read": Row(
        "removed", accepted("characters.retrieve 404", "characters.retrieve#-1", status="deleted"), "get-2"
    ),
    "a deleted character is a 410": Row("characters", refused("characters.retrieve 404#0", 410, "gone"), "get-2"),
    "a deletion without a response may have happened": Row(
        "drawn", unheard("characters.delete"), says="may have been changed by exchange"
    ),
    "what is deleted is unknown": Row("drawn", refused("images.create 400", 404, UNKNOWN_ID), "del-4"),
    "a 404 is disproved later": Row("removed", refused("characters.retrieve#0", 404, UNKNOWN_ID), "get-1"),
    "deleting is a 204": Row("characters", status("characters.delete", 204), "del-1"),
    "deleting returns credits": Row("removed", balances((4, 0)), "del-1"),
    "drawing empties the refs": Row("characters", shows("characters.resynthesize", "refs", []), "run-1"),
    "a bad pose has another code": Row("drawn", error("characters.regenerate_ref 400", code="pose"), "regen-1"),
    # Lists
    "the oldest comes first": Row("images", fields("images.list", turn("data")), "list-2"),
    "a list leaves a row out": Row("deleted", lacks("characters.list#0", "data.-1"), "list-2"),
    "a list lacks a row that may be deleted": Row("deleted", lacks("characters.list#1", "data.-1")),
    "a list goes on": Row("pages", only(0), says="a list goes on with rows that the recording does not show"),
    "pages have opaque cursors": Row("paged", opaque("characters.list"), "list-1"),
    "the first page is the last": Row("paged", fields("characters.list#0", put("has_more", value=False)), "list-1"),
    "no next cursor": Row("characters", lacks("characters.list", "next_cursor"), "list-1"),
    "a list is a bare array": Row("images", whole("images.list", []), "img-10"),
    "a list says how many there are": Row("images", shows("images.list", "total", 4), uncovered="body.total"),
    "a limit of 0 is taken": Row("characters", accepted("characters.list 400 value_out", "characters.list"), "list-3"),
    "two cursors at once name one": Row("pages", error("characters.list 400 combination", param="starting_after")),
    "a filter does nothing": Row("listed", listed_still(0), "list-4"),
    "a filter has a param": Row("characters", error("characters.list 400 invalid_request", param="filter"), "list-4"),
    "a list lacks a field": Row("characters", lacks("characters.list", "data.0.attributes"), "list-5", shared=True),
    "a deleted character stays in the list": Row("listed", listed_still(1, status="deleted"), "list-5"),
    # Images and videos
    "creating an image is a 200": Row("images", status("images.create", 200), "img-1"),
    "a blank prompt has another code": Row("images", error("images.create 400", code="missing_field"), "img-1"),
    "a param has another name": Row("images", error("images.create 400", param="text"), "img-1, assumed"),
    "a size has other sides": Row("images", shows("images.create#0", "width", 2080), "img-2, assumed"),
    "sides are multiples of 64": Row("priced", shows("images.create#2", "width", 1024), "img-3"),
    "an image has the id of a character": Row("characters", same("images.create", "characters.create", "id"), "img-5"),
    "a field has another name": Row(
        "priced",
        text('created_at\\"', 'createdAt\\"'),
        "img-5",
        names=[f"images.{name} body.created_at: absent, but there is createdAt" for name in ("create", "retrieve")],
    ),
    "a status that is new": Row("images", shows("images.retrieve#0", "status", "queued"), "img-6"),
    "a cancel is refused": Row("images", refused("images.cancel#0", 400, "generation_not_cancellable"), "img-7"),
    "a cancelled image goes on": Row("images", shows("images.cancel", "status", "processing"), "img-7"),
    "a cancelled image keeps its cost": Row("priced", shows("images.cancel", "cost.amount", 1), "img-7"),
    "an output has another code": Row("images", error("images.output 404", code="no_output"), "img-8"),
    "an estimate is dearer": Row("images", shows("images.estimate", "estimated_cost.amount", 3), "img-9"),
    "an estimate is a 201": Row("images", status("images.estimate", 201), "img-9, assumed"),
    "an image that comes to nothing is charged": Row("images", balances((-1, 0), (-2, 0), (-3, 0)), "img-11"),
    "no credits for an image": Row("refusals", error("images.create 402", code="no_credits"), "img-11"),
    "an old path does not redirect": Row("held", status("legacy.images.output", 200), "legacy-1"),
    "a second of video costs more": Row("images", shows("videos.create", "cost.amount", 4), "vid-2"),
    "a video is no image": Row("styled", refused("images.retrieve", 404, UNKNOWN_ID), "vid-3"),
    # Uploads, files, endpoints and usage
    "uploads are in review": Row("ticketed", both(*(shows(at, "status", "reviewing") for at in ONES[:2])), "create-2"),
    "a ticket is a 200": Row("classified", status("characters.uploads.init", 200), "up-1, assumed"),
    "a ticket has no headers": Row("account", lacks("characters.uploads.init", "upload_headers"), "up-2"),
    "a PUT is a 204": Row("classified", status("characters.uploads.put", 204), "up-3, assumed"),
    "a PUT is a 403": Row("classified", both(refused("characters.uploads.put", 403, "forbidden"), only(0, 1)), "up-3"),
    "an unknown URL of an upload is dead": Row("classified", both(unheard("characters.uploads.put", 403), only(1))),
    "a pose is unknown": Row("account", shows("characters.uploads.classify", "pose", "profile"), "up-5"),
    "classify changes its mind": Row("classified", shows("characters.uploads.classify#1", "confidence", 0.1), "up-5"),
    "a ticket is gone, and nobody can delete it": Row(
        "ticketed", both(accepted("characters.uploads.classify#1", "characters.retrieve 404"), left_out(3)), "up-5"
    ),
    "the upload host has other paths": Row("classified", elsewhere),
    "the id of an upload is a number": Row("ticketed", odd_upload, "create-6"),
    "a file is a 200": Row("account", status("files.create", 200), "file-1"),
    "an unknown file is a 404": Row("filed", refused("files.delete", 404, UNKNOWN_ID), "file-2"),
    "deleting a file is an empty 204": Row("account", empty("files.delete"), "file-2"),
    "a file lives for two days": Row("sent", shows("files.create", "expires_at", "2026-05-10T10:00:00Z"), "time-3"),
    "the URL of a file is no URL": Row("sent", shows("files.create", "url", "x"), "time-3"),
    "a file outlives its day": Row("filed", accepted("files.retrieve 404", "files.create"), "time-3"),
    "the URL of a file dies early": Row("keys", refused("storage.get", 403, "expired"), "time-3"),
    "a picture's URL dies early": Row("sent", refused("storage.get", 403, "expired"), "time-2"),
    "a picture's URL of another form dies early": Row("sent", both(MOVED, refused("storage.get", 403, "x")), "time-2"),
    "an unknown URL of a picture is dead": Row("sent", both(unheard("storage.get", 403), begin(-1))),
    "pictures have URLs of another form": Row("sent", MOVED),
    "a secret has other characters": Row("account", shows("webhook_endpoints.create", "secret", "whsec_aB-c_dE-fG")),
    "a deleted endpoint has no object": Row("account", lacks("webhook_endpoints.delete", "object"), "hook-2, assumed"),
    "another prefix": Row("account", shows("webhook_endpoints.test", "event_id", f"evnt_{OTHER[5:]}"), "hook-10"),
    "all events are a star": Row("registered", STARS, "hook-1"),
    "a secret is shown again": Row("registered", same("webhook_endpoints.retrieve", MADE, "secret"), "hook-2"),
    "a secret stays the same": Row("registered", same("webhook_endpoints.rotate_secret", MADE, "secret"), "hook-2"),
    "a delivery was made elsewhere": Row("account", shows("webhook_endpoints.list", "data.0.last_success_at", END)),
    # Refusals
    "no envelope": Row("characters", whole("characters.update 400", {"detail": "no"}), "err-1"),
    "no doc_url": Row("characters", error("characters.save 404", doc_url=None), "err-2"),
    "param is absent": Row("characters", lacks("characters.save 404", "error.param"), "err-4"),
    "no param": Row("characters", error("characters.list 400 value_out", param=None), "err-4, assumed"),
    "a missing name is a 422": Row("characters", status("characters.create 400 missing_field", 422), "err-5"),
    "a wrong number is a 422": Row("characters", status("characters.list 400 value_out", 422), "err-5, assumed"),
    "an unknown model is a 400": Row("chats", status("chat.create 404", 400), "err-5, assumed"),
    "a 402 has the global code": Row("account", error("characters.create 402", code="balance_too_low"), "err-6"),
    "no message": Row("characters", lacks("characters.save 404", "error.message"), "err-7"),
    "another code without JSON": Row("refusals", error("characters.create 400 invalid_f", code="no_json"), "err-8"),
    "a hint in an error": Row("characters", error("characters.save 404", hint="Elsewhere."), uncovered="error.hint"),
    "another code of the unknown": Row("characters", error("characters.save 404", code="not_found"), "save-4"),
    "an unknown character without a param": Row("refusals", error("characters.update 404", param=None), "patch-3"),
    "a bearer is no key": Row("keys", refused("balance.retrieve", 401, "missing_api_key"), "auth-1"),
    "no key is a 403": Row("keys", status("team.retrieve 401", 403), "auth-3"),
    "a key is called revoked": Row("account", error("team.retrieve 401 invalid_api", code="revoked_api_key"), "auth-4"),
    "a scope has another code": Row("account", error("images.create 403", code="forbidden"), "auth-5"),
    "a wide scope is too narrow": Row("twice", refused("images.create#1", 403, "missing_scope"), "auth-5"),
    "an unknown id is a 403": Row("refusals", refused("characters.retrieve 404", 403, "forbidden_resource"), "auth-7"),
    "a 401 has rate headers": Row("account", header("team.retrieve 401", "x-ratelimit-limit", "1200"), "rate-1"),
    "no version is refused": Row("account", accepted("team.retrieve 400", "team.retrieve"), "ver-3"),
    "a good version is refused": Row("removed", both(without("characters.delete"), BAD_VERSION), "ver-3"),
    "an estimate needs a payment": Row("images", refused("images.estimate", 402, "balance_too_low"), "img-9, assumed"),
    "what agrees is seen": Row(
        "characters", words=dict.fromkeys(("err-5", "err-6", "save-6", "create-4"), "as written")
    ),
    "a hidden reading is offered, too": Row(
        "removed create-4=ready get-2=readable", refutes="create-4", offers="create-4=ready get-2=readable"
    ),
    "URLs do not follow from poses": Row(
        "ready",
        both(fields("characters.retrieve#2", turn("refs")), shows("characters.save", "refs.0.url", "x")),
        "create-4 get-3",
    ),
    "no credits for a character": Row("refusals", error("characters.create 402", code="no_credits"), "create-5"),
    "a moderation refuses": Row("images", blocked(422), words={"err-5": "as written"}),
    "moderation has a type": Row("images", both(blocked(422), error("images.create 422", type="moderation")), "err-1"),
    "a moderation refuses with another status": Row("images", blocked(400), "err-5"),
    "a refusal contradicts the state before and after": Row("failed", misnamed, "resyn-1"),
    "a refusal at the end contradicts the state before": Row("failed", both(left_out(-1), misnamed), "resyn-1"),
    "a refusal at the end shows no state of a shared team": Row("failed", both(left_out(-1), misnamed), shared=True),
    # Headers
    "request ids of another form": Row(
        "images",
        everywhere("aurous-request-id", lambda one: "x" + one[4:]),
        "err-3",
        names=["images.create header.aurous-request-id: x"],
    ),
    "all request ids are one": Row("cancelled", everywhere("aurous-request-id", OTHER_REQUEST), "err-3"),
    "no version in responses": Row("characters", header("characters.retrieve", "aurous-version", None), "ver-2"),
    "a header that is new": Row("images", header("images.list", "aurous-zone", "eu"), uncovered="header.aurous-zone"),
    "no reset": Row("characters", header("characters.create", "x-ratelimit-reset", None), "rate-1"),
    "rate headers of another name": Row("priced", renamed("x-ratelimit-", "ratelimit-"), "rate-1"),
    "another capacity": Row("priced", everywhere("x-ratelimit-limit", "500"), "rate-1"),
    "chats have another capacity": Row("chats", header("chat.create", "x-ratelimit-limit", "500"), "tpm-1, assumed"),
    "no headers of the tokens": Row("embedded", header("embeddings.create", "x-ratelimit-tpm-limit", None), "tpm-1"),
    "buckets are full earlier": Row("images", both(later(-40), dated(0)), "rate-1"),
    "buckets are full later": Row("images", both(later(40), dated(0)), "rate-1"),
    "buckets are full later, and so is the Date": Row("images", both(later(40), dated(40))),
    "tokens and clocks have a tolerance": Row("images", both(FEWER, later(2), dated(0), everywhere("date", NO_DATE))),
    "a clock that is ahead": Row("priced", both(later(-5), dated(-5))),
    "each request takes two tokens": Row("listed_at_once", two_tokens("characters.list"), "rate-1"),
    "each request takes two tokens, and a replay as well": Row("at_once", two_tokens("images.create"), "rate-1"),
    "tokens are taken in any order": Row("listed_at_once", backwards),
    "other clients take tokens": Row("listed_at_once", only(0, 2, 4, 5, 7), words={"rate-1": "as written, but"}),
    "other clients take tokens of a limit that is not shown": Row(
        "listed_at_once", both(renamed("x-ratelimit-limit", "x-limit"), only(0, 2, 4, 5, 7)), "rate-1", aside="rate-1"
    ),
    "tokens are a word": Row("account", header("team.retrieve", "x-ratelimit-remaining", "many"), "rate-1"),
    "no replay takes a token": Row("at_once_again", everywhere("x-ratelimit-remaining", "119"), "rate-5"),
    "no refusal takes a token": Row("at_once_refused", everywhere("x-ratelimit-remaining", "119"), "rate-4"),
    "a 429 without a time": Row("priced", too_many(None), "rate-2"),
    "a 429 whose time is a date": Row(
        "priced", both(status("images.cancel", 429), header("images.cancel 429", "retry-after", NO_DATE)), "rate-2"
    ),
    "a 429 with another code": Row("priced", too_many("3", "slow_down"), "rate-2"),
    "a 429 as documented": Row("priced", too_many("3")),
    # Idempotency
    "a save is marked as replayed": Row("characters", header("characters.save", REPLAYED, "true"), "idem-2"),
    "a save with a used key is marked": Row("kept_key", header("characters.save#1", REPLAYED, "true"), "idem-2"),
    "a GET is marked": Row("cancelled", header("balance.retrieve", REPLAYED, "false"), uncovered=f"header.{REPLAYED}"),
    "a replay that is not marked": Row("characters", header("characters.create#1", REPLAYED, None), "idem-3"),
    "a replay is marked in another way": Row(
        "stored",
        renamed("aurous-idempotent", "idempotent"),
        "idem-3",
        names=[f"images.create header.{REPLAYED}: absent, but there is idempotent-replayed"],
    ),
    "a retry is charged": Row("priced", balances((-1, 0), (-1, 0)), "idem-3"),
    "a refusal is stored": Row("refusals", header("images.create 400#1", REPLAYED, "true"), "idem-4"),
    "a wrong refusal is stored": Row("aliased", refused("images.create", 400, "invalid_format"), "idem-4 img-1"),
    "a retry is refused": Row("characters", refused("characters.create#1", 409, IN_USE), "idem-5"),
    "a retry is replayed during the work": Row("characters", refutes="idem-5", under="idem-5=generation"),
    "a second attempt in flight": Row("stored", IN_FLIGHT, words={"idem-5": "as written"}),
    "a second attempt in flight may wait": Row(
        "stored", both(IN_FLIGHT, header("images.create 409", "retry-after", "3")), "idem-5"
    ),
    "a redirect makes nothing": Row("again", both(begin(1), status("images.create#0", 308))),
    "a 409 says when": Row("stored", header("images.create 409", "retry-after", "3"), uncovered="header.retry-after"),
    "a used key has another code": Row("characters", error("characters.create 409", code="conflict"), "idem-6"),
    "the bytes of a file count": Row("sent", refused("files.create#1", 409, IN_USE), "idem-7"),
    "a replay has the first id": Row("sent", header("files.create", "aurous-request-id", OTHER_REQUEST), "rate-5"),
    "keys live on": Row("stored", both(accepted("images.create#2", "images.create#1"), balances((0, -1))), "idem-8"),
    "a known key is refused": Row("stored", both(refused("images.create#2", 409, IN_USE), balances((0, -1))), "idem-8"),
    "a key under another name does nothing": Row(
        "aliased", both(header("images.create", REPLAYED, None), shows("images.create#1", "id", OTHER_IMAGE)), "idem-1"
    ),
    "a long key": Row("stored", accepted("images.create 400", "images.create#2", id=OTHER_IMAGE), "idem-1"),
    # Times
    "a time has an offset": Row("characters", times("characters.retrieve", "created_at", "+00:00"), "time-1"),
    "timestamps have milliseconds": Row("characters", times("characters.retrieve", "created_at", ".123Z"), "time-1"),
    # Money
    "a team has no date": Row("account", lacks("team.retrieve", "created_at"), "team-1"),
    "no held credits": Row("characters", lacks("balance.retrieve", "held_credits"), "cred-1"),
    "text instead of JSON": Row("account", whole("balance.retrieve", "Fine."), "cred-1"),
    "an exempt team pays": Row("exempt", balances((0, 1)), "cred-1"),
    "credits are spent at once": Row("characters", fields("balance.retrieve#1", more(-COST, -COST)), "cred-2"),
    "less is held than was ordered": Row("held", shows("balance.retrieve", "held_credits", 0), "cred-2"),
    "a failed image costs": Row("images", shows("images.retrieve#3", "cost.amount", 1), "cred-2"),
    "a synthesis costs 5": Row("characters", balances((0, 1), (-1, 0), (-2, 0), (-2, 0), (-2, 1), (-2, 0)), "cred-4"),
    "two images cost three": Row("images", shows("images.create#0", "cost.amount", 3), "cred-4"),
    "the price list is dearer": Row("account", shows("pricing.retrieve", "image.base", 2), "cred-4"),
    "another credit is held": Row("twice", balances((0, 1)), "cred-2"),
    "a shared team holds another credit": Row(
        "twice", balances((0, 1)), words={"cred-2": "not judged"}, says="cred-2: another client may", shared=True
    ),
    "credits change without a request": Row("meddled", refutes="cred-1 cred-3 cred-4"),
    "a failed synthesis costs": Row("characters", balances((0, 0), (-COST, 0), (-COST, 0), (-2 * COST, 0)), "cred-5"),
    "one failed synthesis of two costs": Row("characters", balances((-COST, 0), (-COST, 0), (-COST, 0)), "cred-5"),
    "a hold stays after a DELETE": Row("deleted", balances((0, COST), (0, COST)), "cred-5"),
    "what was held before the recording ends in part": Row("deleted", both(begin(6), balances((0, 4), (0, 1)))),
    "credits are held for unknown work": Row("exempt", begin(1)),
    "the first balance comes after the work": Row("ended", says="has ended"),
    "an order without its response shows that there was credit": Row("poor", unheard(1, 503)),
    "an order without its response leaves the balance open": Row("cancelled", unheard("images.create")),
    "a lost order may have been charged": Row(
        "twice",
        both(unheard("images.create#0"), balances((0, -2))),
        says="cred-2: exchange . may have been charged or not",
    ),
    # Chats, streams and embeddings
    "a chat has another status": Row("chats", shows("chat.create#0", "status", "succeeded"), "chat-10"),
    "a chat has another end": Row("chats", shows("chat.create#0", "choices.0.finish_reason", "tool_use"), "chat-1"),
    "a chat costs a bit more than it shows": Row("works", fields("balance.retrieve#-1", less(0.00004))),
    "a chat costs more than it shows": Row("works", fields("balance.retrieve#-1", less(0.01)), "chat-4"),
    "a cancelled chat has another code": Row("chats", error("chat.cancel 409", code="not_found"), "chat-13"),
    "256K are 262,144": Row("chats", text("256000", "262144"), "model-1, assumed"),
    "no [DONE]": Row("streamed", events(lambda some: some[:-1]), "stream-1", names=["chat.create body.stream.end"]),
    "no usage": Row("chats", events(lambda some: [*some[:-2], without_usage(some[-2]), some[-1]]), "stream-1"),
    **{f"a stream is cut, and ends in {end!r}": Row("cut", cut_off(end)) for end in ("", "data: {", "data: [1]\n\n")},
    "a stream is no JSON": Row("streamed", events(lambda some: [*some[:2], "{", *some[2:]]), "stream-1"),
    "a stream warns": Row("streamed", events(lambda some: [{"object": "x", "warning": {}}, *some]), "stream-3"),
    "a warning is another": Row("warned", events(lambda some: [{"object": "notice", "message": "No."}, *some[1:]])),
    "an embedding is text": Row("embedded", shows("embeddings.create", "data.0.embedding", "AAAA"), "emb-3"),
    "tokens do not add up": Row("chats", shows("embeddings.create", "usage.prompt_tokens", 3), "emb-1 emb-5"),
    "an embedding has no line for its image": Row("chats", lacks("embeddings.create", f"{LINES}.visual"), "emb-5"),
    "an estimate is no sum": Row("chats", shows("embeddings.estimate", "credits_estimated", 7), "emb-8"),
    # Several differences
    "a synthesis ends in ready, poses have another order, and a PATCH merges": Row(
        "patched create-4=ready",
        both(
            *(fields(f"characters.{name}", turn("refs")) for name in ("retrieve", "save", "update")),
            *(shows(at, "attributes.gender", "female") for at in ("characters.update", "characters.retrieve#-1")),
        ),
        "create-4 patch-1",
        offers="create-4=ready",
    ),
    # What no page states
    "a width is null": Row("sent", shows("files.create", "width_px", None)),
    "no metadata are empty": Row("account", shows("files.create", "metadata", {})),
    "no references are null": Row("images", shows("images.create", "reference_image_urls", None)),
    "a default of the platform is not shown": Row("images", shows("images.create", "cfg_rescale", None)),
    "a cancelled image has no duration": Row("images", shows("images.cancel", "duration_ms", None)),
    "the output of a video is among those of images": Row("images", shows("videos.retrieve", "output_urls", ["x"])),
    "a style has another name": Row("images", shows("video_loras.list", "0.name", "?")),
    "a style has no slug": Row("images", lacks("video_loras.list", "0.slug")),
    "a style has another id": Row("styled", text("lora_01KRMEXM04A123Y6VF5VXR8A2F", "lora_01KWEEG5VTRK2MBMKFN65FE1FS")),
    "a model can do more": Row("chats", shows("models.list", "data.0.aurous_metadata.capabilities", ["audio"])),
    "a model is another's": Row("chats", shows("models.list", "data.0.owned_by", "somebody-else")),
    "a tool call has another id": Row("chats", text("call_01", "01")),
    "a text has more tokens": Row("chats", fields("embeddings.estimate", twice_the_tokens)),
    "cursors of usage are opaque": Row("chats", opaque("usage.events")),
    "an opaque cursor of usage was not seen": Row("chats", both(opaque("usage.events"), without("usage.events#0"))),
    "a cursor of usage was not seen, and has_more is text": Row(
        "chats",
        both(opaque("usage.events"), without("usage.events#0"), shows("usage.events", "has_more", "yes")),
        "usage-3",
    ),
    "a cursor of usage was not seen": Row("chats", without("usage.events#0")),
    "neither flow takes from the other bucket": Row(
        "refusals", both(header(NEITHER, "x-ratelimit-limit", "12"), header(NEITHER, "x-ratelimit-remaining", "11"))
    ),
    "prices have another version": Row("chats", text('pricing_version\\":1', 'pricing_version\\":7')),
    "credits are rounded in another way": Row("chats", shows("chat.create#-1", "usage.credits_charged", 0.0026)),
    "an option is null": Row("characters", shows("characters.retrieve", "client_reference_id", None), says="client_"),
    "a new attribute": Row("held", shows("characters.retrieve", "attributes.mood", "x"), uncovered="body.attributes.*"),
    "a field that is new": Row("images", shows("images.retrieve", "position", 3), uncovered="body.position"),
    # What nothing above refutes: each rule that is judged has a recording that refutes it
    "output tokens cost 400 a million": Row("works", fields("chat.create#0", cheaper), "chat-4"),
    "reasoning counts twice": Row("chats", shows("chat.create#2", "usage.completion_tokens", 12 + 40), "chat-4"),
    "an image is rescaled": Row("images", shows("images.create", "cfg_rescale", 0.7), "img-5"),
    "an upload is a front": Row("unclassified", shows("characters.create", "refs.0.pose", "front"), "create-2"),
    "a recording has no keys": Row("outputs", unkeyed),
    "a recording has lost its bearers": Row("bearers", unkeyed),
    "a style has no preview": Row("keys", shows("loras.list", "0.preview_image_url", None)),
    "a chat that was made is unknown": Row("works", refused("chat.retrieve#0", 404, UNKNOWN_ID), "chat-11"),
    "a role of a message has another code": Row("misused", error("chat.create 400#0", code="x"), "chat-14"),
    "a chat without a model has another code": Row("misused", error("chat.create 400#1", code="x"), "chat-2"),
    "a short text is too long": Row("works", refused("chat.create#0", 400, "max_input_tokens_exceeded"), "chat-3"),
    "no format can be asked for": Row("works", refused("chat.create#0", 400, "response_format_unsupported"), "chat-9"),
    "a synthesis needs more": Row("ended", refused("characters.create#0", 400, COMBINED), "create-1"),
    "a synthesis misses an upload": Row("ended", refused("characters.create#0", 400, "upload_invalid"), "create-3"),
    "deleting again is a 410": Row("misused", refused("characters.delete 404", 410, "gone"), "del-3"),
    "an empty order of vectors has another code": Row("misused", error("embeddings.create 400", code="x"), "emb-2"),
    "two items are a batch": Row("chats", refused("embeddings.create", 400, "embeddings_batch_not_supported"), "emb-4"),
    "two items are too large": Row("chats", refused("embeddings.create", 400, "embeddings_input_too_large"), "emb-6"),
    "a null is a name": Row("patched err-9=accepted", refutes="err-9"),
    "a picture has no URL": Row("drawn_at_once", shows("characters.create#0", "refs.0.url", "x"), "get-3"),
    "an image has another character": Row("aliased", shows("images.create#0", "character_id", OTHER), "img-12"),
    "a ready character is not ready": Row("aliased", refused("images.create#0", 400, "character_not_ready"), "img-4"),
    "a chat needs a model of another kind": Row("works", refused("chat.create#0", 400, "model_wrong_kind"), "model-2"),
    "an unknown model has another code": Row("chats", error("chat.create 404", code="x"), "model-3"),
    "a model says more": Row("chats", shows("models.list", f"data.0.{HARD_CAP}", "x"), "model-4"),
    "a PATCH needs more": Row("patched", refused("characters.update#0", 400, "missing_field"), "patch-4"),
    "no pose is drawn again": Row("acted", refused("characters.regenerate_ref", 422, "x"), "regen-2"),
    "a pose is drawn in no review": Row("unpolled", refused("characters.regenerate_ref", 422, "x"), "regen-3"),
    "all poses are drawn by a body": Row(
        "drawn_at_once",
        both(refused(AGAIN, 400, "invalid_format"), error(f"{AGAIN} 400", param="body")),
        "resyn-2",
    ),
    "drawing again without credits has another code": Row("misused", error(f"{AGAIN} 402", code="x"), "resyn-4"),
    "no styles are listed": Row("keys", refused("loras.list", 422, "x"), "style-1"),
    "a style is unknown": Row("named_only", refused("loras.retrieve", 404, UNKNOWN_ID), "style-2"),
    "no styles of videos are listed": Row("images", refused("video_loras.list", 422, "x"), "style-3"),
    "a style of videos is unknown": Row("misused", refused("video_loras.retrieve", 404, UNKNOWN_ID), "style-4"),
    "a style of another medium has another code": Row("misused", error("images.create 400", code="x"), "style-5"),
    "an output has expired": Row("images", refused("images.output#0", 410, "output_expired"), "time-4"),
    "nothing is classified": Row("ticketed", refused("characters.uploads.classify", 422, "x"), "up-6"),
    "the usage needs another form": Row("chats", refused("usage.list#0", 400, "invalid_format"), "usage-1"),
    "a page of usage is unknown": Row("account", refused("usage.list", 400, "invalid_page_token"), "usage-2"),
    "a version is required": Row("account", refused("team.retrieve#0", 400, "unknown_version"), "ver-1"),
    "a record has another version": Row("ended", shows("characters.create#0", "aurous_version", "x"), "ver-4"),
    "a video needs another form": Row("styled", refused("videos.create", 400, "invalid_format"), "vid-1"),
    "a video cannot be read": Row("styled", refused("videos.retrieve", 422, "x"), "vid-4"),
    "the URL of an output is not enough": Row("misused", refused("videos.output", 401, "invalid_token"), "vid-5"),
    # What was there before the recording
    "a signed URL that was never seen says nothing": Row("signed", begin(2), says="its signed URL is not in"),
    "a stored response shows what was before": Row("saved", begin(5)),
    "outputs alone show that there are records": Row("outputs", oldest_expired, words={"time-4": "as written"}),
    "chats and their streams agree": Row("chats", words={"chat-1": "as written", "chat-11": "as written"}),
    "a reading agrees": Row("ready create-4=ready", under="create-4=ready"),
    **{
        f"work has ended before it is ordered again: {reading}, from {first}": Row(
            f"unpolled {reading}", begin(first), under=reading
        )
        for reading in ("create-4=reviewing idem-5=generation", "create-4=ready idem-5=generation")
        for first in (0, 2)
    },
    "records are used before they are shown": Row("mixed get-2=readable", under="get-2=readable"),
    "a picture shows that its character was saved": Row("saved", unheard(4)),
    "a poll shows that a picture was ordered": Row("saved", unheard(5)),
    "a poll alone shows that a picture was ordered": Row("saved", both(unheard(5), begin(5))),
    "a poll shows how a lost order ended": Row("images", unheard("images.create#1")),
    "a retry shows that a lost order was done": Row("characters", unheard("characters.create#0")),
    "two lost attempts are one": Row("characters", both(lambda it: it.insert(4, {**it[3]}), unheard(1), unheard(3))),
    "a lost order that the fake refuses is made up for": Row("saved", both(unheard(5), left_out(4))),
    "an upload belongs to the team that uses it": Row("classified", both(only(1), unkeyed)),
    "a refusal about what was not seen says nothing": Row("early", begin(1)),
    "a refusal has no body": Row("poor", bare(0), says="img-1: the body of the response is missing"),
    "poses show what classify has found": Row("ticketed", only(0)),
    "work has ended in the response to its order": Row("ended_at_once"),
    "the recording begins with an action of a ready character": Row("acted", begin(11)),
    "the recording begins with a secret that is rotated": Row("registered", begin(1)),
    "a record was not found before": Row("signed", found_before),
    "an old record is read": Row(
        "cancelled", both(begin(4), dated(0), shows("images.retrieve", "created_at", "2026-05-08T08:00:00Z"))
    ),
    "work from before the recording holds credits": Row(
        "cancelled", both(begin(2), fields("balance.retrieve#0", more(0, -1))), "cred-2"
    ),
    "a chat from before the recording is read": Row("chats", begin(6)),
    "keys of one team and of another agree": Row("rotated", words={"auth-3": "as written"}),
    "a snapshot begins another recording": Row("restored", words={"save-1": "as written"}),
    "other clients are charged": Row("meddled", shared=True),
    # Gaps
    "a cancel is missing": Row("cancelled", without("images.cancel")),
    "an order is missing": Row("cancelled", without("images.create")),
    "the first attempt is missing": Row("priced", without("images.create#0")),
    "a DELETE during work is missing": Row("deleted", without("characters.delete")),
    "a DELETE is missing": Row("removed", without("characters.delete"), says="was deleted"),
    "a review and its save are missing while others were reviewed": Row("two_saved", left_out(10, 11, 12, 13)),
    "what is published is reviewed": Row("two_saved", shows("characters.retrieve#5", "status", "reviewing"), "save-6"),
    "a shared character was saved before it is drawn again": Row("drawn_at_once", left_out(2), shared=True),
    "a file was deleted elsewhere": Row("account", without("files.delete"), says="time-3: .* was deleted"),
    "tokens that no request took": Row("at_once", left_out(3), aside="cred-2 rate-1", says="took tokens"),
    "a DELETE has no response": Row("removed", unheard("characters.delete")),
    "all poses were drawn again": Row("drawn", without("characters.resynthesize")),
    "a save is missing": Row("studio", left_out(5), aside="create-4", says=r"exchange 5 and 6, char_\w+ was saved"),
    "a save is missing, and was charged": Row(
        "studio", both(fields("balance.retrieve#1", more(-4, 0)), left_out(5)), "cred-4", aside="create-4"
    ),
    "a drawing is missing": Row("studio", left_out(8), aside="cred-1 get-1", says="exchange 7 and 9, .* drawn again"),
    "a PATCH of attributes is missing": Row("patched", without("characters.update#0")),
    "a PATCH of the name is missing": Row("patched", without("characters.update#1")),
    "both PATCHes are missing": Row("patched", without("characters.update")),
    "a change is missing": Row("studio", left_out(14), aside="get-1", says="exchange 14 and 15, .* was changed"),
    "a change is missing, and a name was wrong before": Row(
        "studio", both(shows("characters.retrieve#-2", "name", "Cirra"), left_out(14)), "get-1"
    ),
    "a change is missing, and nothing says that there was one": Row(
        "studio", both(same("characters.retrieve#-1", "characters.retrieve#-2", "updated_at"), left_out(14)), "get-1"
    ),
    "a deletion is missing": Row("studio", left_out(17), aside="img-4 save-2", says="exchange 17 and 20, .* deleted"),
    "an image without its order is charged": Row("works", left_out(1), aside=""),
    "a video without its order is charged": Row("works", left_out(6), aside=""),
    "a chat without its order is charged": Row("works", left_out(9), aside="cred-2"),
    "a chat without its order costs what it shows": Row("works", both(balances((-1, 0)), left_out(9)), aside="cred-2"),
    # What was once accused wrongly
    "all keys are one": Row("innocent", keyed("REDACTED")),
    "a style is read by its slug": Row("innocent", own_slug),
    "all times are one": Row("innocent", same_time),
    "a PATCH has no response": Row("innocent", unheard("characters.update")),
    "the storage sends no headers": Row("innocent", without_headers_of_the_storage),
    "an unknown path has no response": Row("images", dreams),
    "a web page in place of JSON": Row("published", whole("balance.retrieve#0", "<!DOCTYPE html><p>Soon")),
}


def rules_of(row: Row) -> list[str]:
    return row.refutes.partition(", ")[0].split()


def twisted(row: Row) -> Entries:
    """Return the changed recording of a row."""
    story, _, readings = row.story.partition(" ")
    entries = told(story, **readings_of(readings))
    row.change(entries)
    return entries


def found(row: Row, folder: Path, entries: Entries) -> Checked:
    """Return what a check of a recording finds, under the settings of a row."""
    return checked(folder, entries, shared=row.shared, **readings_of(row.under))


def unproved(judged: Collection[str], folder: Path) -> Iterator[str]:
    """Yield for each of these rules that no recording of the table refutes why it only looks judged."""
    for rule in sorted(judged):
        rows = [row for row in ROWS.values() if rule in rules_of(row)]
        if not rows:
            yield f"{rule} looks judged: it has a place or a predicate, but tests/check/test_table.py never refutes it"
        elif not any(rule in refuted(found(row, folder, twisted(row))) for row in rows):
            yield f"{rule} only looks judged: no comparison reaches it where tests/check/test_table.py refutes it"


@pytest.mark.parametrize("name", ROWS)
def test_a_recording_refutes_the_rules_that_it_contradicts(tmp_path: Path, name: str) -> None:
    """And no other; without any, no difference is listed either."""
    row = ROWS[name]
    entries = twisted(row)
    result = found(row, tmp_path, entries)
    verdicts = result.verdicts

    assert refuted(result) == rules_of(row)
    assert "assumed" not in row.refutes or all(one.assumed for one in verdicts.refuted)
    assert {where for _, where, _ in verdicts.uncovered} == set(row.uncovered.split())
    assert {rule: verdicts.rules[rule].word for rule in row.words} == row.words
    assert row.aside in {None, " ".join(sorted(one.rule for one in verdicts if one.aside))}
    places = [f"{one.operation} {one.where}: {one.seen}" for rule in verdicts.refuted for one in rule.differences]
    assert [name for name in row.names if not any(one.startswith(name) for one in places)] == []
    assert not [one for one in places if one.endswith(": None") and " error." not in one], "it says what it has seen"
    if row.offers:
        again = partial(checked, tmp_path, entries)
        assert {"readings": find_readings(verdicts, {}, again)[0]} == readings_of(row.offers)
    assert not row.says or any(re.search(row.says, one) for one in says(verdicts))


DIFFERENT: Final = [name for name, row in ROWS.items() if row.refutes or row.uncovered]
FIRST: Final = {ROWS[name].refutes.partition("-")[0]: name for name in reversed(DIFFERENT)}
"""For each family of rules, the first row that refutes one of them."""


@pytest.mark.parametrize("name", slow_but(FIRST.values(), DIFFERENT))
def test_a_difference_stays_one_when_it_is_sanitized(tmp_path: Path, name: str) -> None:
    row = ROWS[name]
    entries = twisted(row)
    result = complete(found(row, tmp_path, entries))

    assert complete(found(row, tmp_path, sanitized(tmp_path, entries))) == result


@pytest.mark.parametrize("story", sorted({row.story.partition(" ")[0] for row in ROWS.values()} - {"meddled"}))
def test_a_recording_of_the_fake_agrees_with_it(tmp_path: Path, story: str) -> None:
    """Nothing is refuted, and nothing is left that no rule covers; nor is when it is sanitized."""
    for entries in (told(story), sanitized(tmp_path, told(story))):
        result = checked(tmp_path, entries)

        assert (refuted(result), result.verdicts.uncovered) == ([], {})


def test_each_rule_that_is_judged_has_a_recording_that_refutes_it() -> None:
    """And no other rule has one: the report does not call what can be refuted "not judged"."""
    assert {rule for row in ROWS.values() for rule in rules_of(row)} == judged_rules()
    assert rules.UNCOMPARED.keys() <= judged_rules(), "what is not judged at all needs no such remark"


def test_a_rule_that_no_comparison_reaches_fails_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever says that it is judged; once something is compared there, a twisted recording refutes it."""

    def add(compared: str) -> list[str]:
        added = ("header.aurous-quota", compared, lambda _: True, "hook-3")
        monkeypatch.setattr(rules, "_TABLE", (added, *rules._TABLE))
        rules._rows_about.cache_clear()
        assert "hook-3" in judged_rules.__wrapped__()
        return [*unproved(["hook-3"], tmp_path)]

    assert add("value")[0].startswith("hook-3 looks judged: ")

    monkeypatch.setitem(ROWS, "a quota", Row("account", header("team.retrieve", "aurous-quota", "9"), "hook-3"))

    assert add("value")[0].startswith("hook-3 only looks judged: ")
    assert add("added") == []
    rules._rows_about.cache_clear()


def test_each_rule_that_no_recording_decides_is_not_judged() -> None:
    """The others are not seen; no endpoint row or column names these rules for anything that a response shows."""
    words = {verdict.rule: verdict.word for verdict in Verdicts(load_rules())}

    assert {rule for rule, word in words.items() if word == "not seen"} == judged_rules() & words.keys()
    assert {rule for rule in words if rule.startswith("hook-")} - judged_rules() == {
        f"hook-{number}" for number in (3, 4, 5, 6, 7, 8, 9, 11)
    }
    assert {words["save-1"], words["cred-2"], words["rate-1"]} == {"not seen"}


if __name__ == "__main__":  # `tox -e generate` runs it
    with TemporaryDirectory() as made:
        sys.exit("\n".join(unproved(judged_rules(), Path(made))) or None)
