"""Requests that overlap: nobody knows in which order the API has handled them, so nothing about that is refuted."""

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from random import Random
from time import time
from typing import Any, Final, TypeAlias

import pytest

from pytest_aurous._check.check import Checked
from pytest_aurous._core.base.instants import iso_milliseconds, moment, parse_instant
from tests.check.changes import keyed, two_tokens
from tests.check.stories import KEY, id_of, ready
from tests.check.story import CHAT, Entries, Teller, check_files, refuted, told
from tests.check.test_recording import har
from tests.conftest import NOW, SYNTHESIS, slow_but

Client: TypeAlias = "Generator[Any, Any, None]"

START: Final = parse_instant(NOW).timestamp()
DONE: Final = "pending:1s -> processing:2s -> succeeded"


def spans(entries: Entries, *some: tuple[float, float]) -> Entries:
    """Let the last exchanges begin and end at these seconds after the first of them, as a client records it."""
    first = parse_instant(entries[-len(some)]["startedDateTime"]).timestamp()
    for entry, (begin, end) in zip(entries[-len(some) :], some, strict=True):
        entry.update(startedDateTime=iso_milliseconds(first + begin), time=(end - begin) * 1000)
    keyed("al_live_77")(entries)
    return entries


def check(folder: Path, entries: Entries) -> Checked:
    """Check the recording of somebody else, which is in order of time."""
    return check_files([har(folder, *entries)])


def reviewed(teller: Teller) -> str:
    path = teller.synthesize("Aurora")
    teller.poll(path)
    return path


def image(teller: Teller) -> str:
    """Order an image between balances, and return its path."""
    teller.call("GET", "/v1/balance")
    path = teller.image()
    teller.call("GET", "/v1/balance")
    return path


SAVE: Final = ("POST", "{}/save")
READ: Final = ("GET", "{}")
LIST: Final = ("GET", "/v1/characters")
SAY: Final = ("POST", "/v1/chat/completions", CHAT)
ORDER: Final = ("POST", "/v1/images", {"prompt": "x"})
PAIRS: Final[dict[str, tuple[Callable[[Teller], str], tuple[Any, ...], tuple[Any, ...], str, str]]] = {
    "save, GET": (reviewed, SAVE, READ, "", "save-6"),
    "save, list": (reviewed, SAVE, LIST, "", "create-4"),
    "cancel, GET": (image, ("POST", "{}/cancel"), READ, "", "cred-2 img-5 img-6"),
    "DELETE, GET": (ready, ("DELETE", "{}"), READ, "del-3", "get-2"),
    "DELETE, list": (ready, ("DELETE", "{}"), LIST, "del-3", "list-5"),
    "order, balance": (image, ORDER, ("GET", "/v1/balance"), "cred-2", ""),
    "order, history": (image, ORDER, ("GET", "/v1/images"), "img-5", "img-10"),
    "save, order": (reviewed, SAVE, (*ORDER[:2], {"prompt": "x", "character_id": "{}"}), "", "img-4"),
    "retry, order": (image, (*ORDER, KEY), (*ORDER, KEY), "img-5", "img-5"),
}  # fmt: skip
"""What leads to two requests, of which one changes what the other shows, and the rules that another order refutes."""


@pytest.mark.parametrize("turned", [False, True], ids=["change first", "change second"])
@pytest.mark.parametrize("name", PAIRS)
def test_what_overlaps_refutes_nothing(tmp_path: Path, name: str, turned: bool) -> None:  # noqa: FBT001 - a parameter
    """In each order of begins and ends; one after the other, the same responses in the wrong order refute a rule."""
    begin, *pair, refuted_first, refuted_second = PAIRS[name]
    teller = Teller()
    path = begin(teller)
    for method, where, *options in pair[::-1] if turned else pair:
        body = {key: value.format(id_of(path)) for order in options[:1] for key, value in order.items()}
        sent: dict[str, Any] = {"json": body, "headers": options[-1] if options[1:] else {}} if body else {}
        teller.call(method, where.format(path), **sent)
    entries = teller.entries()
    for end in (4, 8):
        for second in (-2, 2):
            result = check(tmp_path, spans(entries, (-1, end), (second, 6)))
            assert (end, second, refuted(result), result.verdicts.uncovered) == (end, second, [], {})
    result = check(tmp_path, spans(entries, (5, 5), (0, 0)))
    assert sorted({*refuted(result)} - {"rate-1"}) == (refuted_second if turned else refuted_first).split()


def test_img_5_a_replay_may_be_listed_before_its_order(tmp_path: Path) -> None:
    """Of two requests with one key in a millisecond, the header says which was the first."""
    teller = Teller()
    for headers in (KEY, KEY, {}):
        teller.client.request(*ORDER[:2], json=ORDER[2], headers=headers)
    entries = teller.entries()
    result = check(tmp_path, [*spans(entries, (0, 0.02), (0, 0.03), (1, 1.02))[1::-1], entries[2]])
    assert (refuted(result), result.verdicts.rules["img-5"].aside) == ([], {})
    assert result.verdicts.rules["img-5"].word == "as written"


@pytest.mark.parametrize("ahead", [-340, 340])
def test_time_1_an_order_shows_that_a_clock_was_wrong(tmp_path: Path, ahead: int) -> None:
    """Without `Date`: the image was done before the balance, and the clock of the client says the contrary."""
    teller = Teller(script={"images": DONE})
    teller.poll(image(teller))
    entries = teller.entries()
    for entry in entries:
        entry["startedDateTime"] = iso_milliseconds(parse_instant(entry["startedDateTime"]).timestamp() + ahead)
        entry["response"]["headers"] = entry["response"]["headers"][:0]
    result = check(tmp_path, entries)
    assert (refuted(result), result.verdicts.rules["cred-2"].word) == ([], "as written")


@pytest.mark.parametrize(
    ("story", "at"), [("listed_at_once", "characters.list"), ("at_once", "images.create")], ids=["lists", "orders"]
)
@pytest.mark.parametrize("apart", [0.01, 0.3])
def test_rate_1_two_tokens_for_a_request_fit_in_no_order(tmp_path: Path, story: str, at: str, apart: float) -> None:
    """However the requests overlap; one token for each fits."""
    for change, rules in ((two_tokens(at), ["rate-1"]), (len, [])):
        entries = told(story)
        change(entries)
        begins = [number * apart for number in range(len(entries))]
        assert refuted(check(tmp_path, spans(entries, *((one, one + 0.5) for one in begins)))) == rules


def test_rate_4_slow_requests_take_their_tokens_one_after_the_other(tmp_path: Path) -> None:
    """Also where the bucket fills faster than they empty it: a later response then shows more tokens."""
    teller, chance, now, some = Teller(), Random(1), 1.0, list[tuple[float, float]]()
    for _ in range(60):
        begin, handled = now, now + chance.random() / 10
        now = handled + chance.random() / 10
        some.append((begin, now))
        teller.aurous.clock.freeze(moment(START + handled))
        teller.client.get("/v1/webhook_endpoints", params={"limit": 0})
    assert refuted(check(tmp_path, spans(teller.entries(), *some))) == []


def test_rate_1_a_bucket_has_no_debt(tmp_path: Path) -> None:
    """A fake that lets in more requests than its limits allow shows no token, and a moment later one again."""
    teller = Teller()
    for pause in (*[0] * 30, 13):
        teller.aurous.clock.advance(seconds=pause)
        teller.client.post("/v1/webhook_endpoints", json={"url": "https://shop.example", "events": ["*"]})
    assert refuted(check(tmp_path, teller.entries())) == []


def program(path: str) -> Client:
    """Yield what one client sends: it saves beside lists and pages, chats, and cancels what it has ordered."""
    yield ("GET", path)
    made = yield ORDER
    saved, cancelled = ("POST", f"{path}/save"), ("POST", f"/v1/images/{made['id']}/cancel")
    pages, renamed = ("GET", "/v1/images?limit=2"), ("PATCH", path, {"name": "B"})
    steps = (saved, LIST, SAY, pages, cancelled, ("GET", "/v1/balance"), renamed, ("DELETE", path), LIST)
    for one in steps:  # noqa: UP028 - a list takes no responses
        yield one


ONE_WAY = 0.002  # seconds to the API: as on a network, longer than the milliseconds to which recordings round


@pytest.mark.parametrize("threads", [True, False], ids=["threads", "asyncio"])
def test_real_concurrency_agrees(tmp_path: Path, threads: bool) -> None:  # noqa: FBT001 - a parameter
    teller, spent = Teller(), dict[str, tuple[float, float]]()
    paths = [f"/v1/characters/{teller.aurous.characters.add(f'C{one}', status='reviewing').id}" for one in range(4)]
    teller.aurous.clock.restore((0.0, None, 1.0, 0.0))

    async def run(path: str) -> None:
        steps, shown = program(path), None
        async with teller.aurous.async_client() as client:
            with suppress(StopIteration):
                while True:
                    method, where, *body = steps.send(shown)
                    begun = time()
                    await asyncio.sleep(ONE_WAY)
                    response = await client.request(method, where, json=body[0] if body else None)
                    await asyncio.sleep(ONE_WAY)
                    spent[response.headers["aurous-request-id"]] = begun, time()
                    shown = response.json()

    async def gather() -> None:
        await asyncio.gather(*map(run, paths))

    if threads:
        with ThreadPoolExecutor(len(paths)) as pool:
            list(pool.map(lambda path: asyncio.run(run(path)), paths))
    else:
        asyncio.run(gather())
    entries = teller.entries()
    for entry in entries:
        (number,) = (one["value"] for one in entry["response"]["headers"] if one["name"] == "aurous-request-id")
        begun, ended = spent[number]
        entry.update(startedDateTime=iso_milliseconds(begun), time=(ended - begun) * 1000)
    keyed("al_live_77")(entries)
    result = check(tmp_path, entries)
    assert (len(entries), refuted(result), result.verdicts.uncovered) == (len(spent), [], {})


class Known:
    """What the clients of one application know.

    Attributes:
        paths: The characters and images, with the newest at the end.
    """

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.paths: dict[str, list[str]] = {"characters": [], "images": []}

    def client(self) -> Client:
        """Yield the seconds that a client waits, and its requests, each of which gets the JSON of a response."""
        chance = self.chance
        for _ in range(14):
            yield chance.random() * chance.choice([0, 1, 3])
            act = chance.choice(
                ["image", "twins", "synthesis", "chat", "balance", "characters", *["own"] * 7, "images"]
            )
            own = chance.choice([one[-1] for one in self.paths.values() if one] or ["/v1/team"])
            if act == "own" and "team" not in own:
                character = [("PATCH", own, {"name": chance.choice("AB")}), ("POST", f"{own}/save"), ("DELETE", own)]
                yield chance.choice([("GET", own)] * 6 + (character if "char" in own else [("POST", f"{own}/cancel")]))
            elif act in {"image", "twins", "synthesis"}:
                kind = "characters" if act == "synthesis" else "images"
                body = SYNTHESIS if act == "synthesis" else {"prompt": "x"}
                made = yield ("POST", f"/v1/{kind}", body, "twin" if act == "twins" else str(chance.random()))
                self.paths[kind] += [f"/v1/{kind}/{made['id']}"] if "id" in made else []
            elif act in self.paths:
                page = {"has_more": True, "next_cursor": ""}
                while page["has_more"]:
                    path = f"/v1/{act}?limit=3&starting_after={page['next_cursor']}"
                    page = yield ("GET", path.removesuffix("&starting_after="))
            else:
                yield ("GET", "/v1/balance") if act != "chat" else SAY


def together(seed: int) -> Entries:
    """Return what several clients send in virtual time: each request is handled some time after its begin."""
    chance = Random(seed)
    known = Known(chance)
    teller = Teller(seed=seed, script={"images": DONE, "characters": "synthesizing*2 -> reviewing"})
    queue: list[tuple[float, int, Client, Any, Any]] = []
    order, latency, spent = count(), chance.choice([0.1, 0.7]), list[tuple[float, float]]()

    def push(at: float, *what: Any) -> None:
        heappush(queue, (at, next(order), *what))

    for _ in range(chance.randrange(3, 6)):
        push(START, known.client(), None, None)
    while queue:
        at, _, client, sent, shown = heappop(queue)
        if sent is not None:
            begun, (method, path, *body) = sent
            teller.aurous.clock.freeze(moment(at))
            options = {"json": body[0]} if body else {}
            headers = {"Idempotency-Key": body[1]} if len(body) > 1 else {}
            response = teller.client.request(method, path, headers=headers, **options)
            spent.append((begun, at + chance.random() * latency))
            push(spent[-1][1], client, None, response.json())
            continue
        try:
            told = client.send(shown)
        except StopIteration:
            continue
        if isinstance(told, tuple):
            push(at + chance.random() * latency, client, (at, told), None)
        else:
            push(at + told, client, None, None)
    entries = teller.entries()
    first = parse_instant(entries[0]["startedDateTime"]).timestamp()
    return spans(entries, *((begin - first, end - first) for begin, end in spent))


@pytest.mark.parametrize("seeds", slow_but([range(4)], [range(first, first + 4) for first in range(0, 40, 4)]), ids=str)
def test_concurrent_requests_agree(tmp_path: Path, seeds: range) -> None:
    """Whatever several clients order, poll, save, cancel and delete at once."""
    for seed in seeds:
        result = check(tmp_path, together(seed))
        assert (seed, refuted(result), result.verdicts.uncovered) == (seed, [], {})
