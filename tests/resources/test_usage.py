"""GET /v1/usage and /v1/usage/events: computed from what the test has really done."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest

from tests.conftest import Api

USAGE: Final = "/v1/usage"
EVENTS: Final = f"{USAGE}/events"
START: Final = "2026-05-01T00:00:00Z"
DAY: Final = 24 * 3600
both_paths: Final = pytest.mark.parametrize("path", [USAGE, EVENTS])


def url(path: str = USAGE, **query: Any) -> str:
    """A call with its query; since the beginning of the month unless told otherwise."""
    return f"{path}?{urlencode({'start_time': START, **query})}"


def rows(api: Api, path: str = USAGE, **query: Any) -> list[dict[str, Any]]:
    response = api.get(url(path, **query))
    assert response.status == 200, response.body
    data: list[dict[str, Any]] = response.json["data"]
    return data


def groups(api: Api, **query: Any) -> list[tuple[Any, ...]]:
    """The groups of the only bucket: the values of each key, and how many requests it counts."""
    (bucket,) = rows(api, **query)
    return [(*group["key"].values(), group["metrics"]["request_count"]) for group in bucket["groups"]]


def days(api: Api, count: int) -> None:
    """Make an image today and on each of the days after."""
    for _ in range(count):
        api.aurous.images.add()
        api.clock.advance(seconds=DAY)


def work(api: Api) -> None:
    """Two images that were done, one that failed, one cancelled, one under way, and a video, by the API."""
    images = [api.post("/v1/images", json={"prompt": "A cat", "count": 2}).json["id"] for _ in range(5)]
    api.post("/v1/videos", json={"video_lora_id": "seedance-1-pro", "duration": 4})
    for at, image in enumerate(images[:2]):
        api.clock.advance(seconds=10 * (at + 1))
        api.aurous.images[image].finish()
    api.aurous.images[images[2]].fail()
    api.aurous.images[images[3]].cancel()
    api.aurous.videos.last.finish()


@pytest.mark.parametrize(("path", "cursor"), [(USAGE, "next_page"), (EVENTS, "next_cursor")])
def test_of_nothing(api: Api, path: str, cursor: str) -> None:
    """An empty list has the whole envelope, and no empty bucket; another team's work is not in it (auth-7)."""
    api.aurous.teams.add().images.add()

    assert api.get(url(path)).json == {"object": "list", "data": [], "has_more": False, cursor: None}


def test_usage_1_a_bucket_is_what_was_done(api: Api) -> None:
    """Counts, seconds and pictures sum up the calls before; credits are what left the team."""
    work(api)

    (bucket,) = rows(api)

    assert bucket == {
        "object": "usage.bucket",
        "bucket_start": "2026-05-08T00:00:00.000Z",
        "bucket_end": "2026-05-09T00:00:00.000Z",
        "groups": [
            {
                "key": {},
                "metrics": {
                    "request_count": 6,
                    "successful_count": 3,
                    "failed_count": 1,
                    "cancelled_count": 1,
                    "credits_used": 1000 - api.team.credits,
                    "duration_ms_p50": 30_000,
                    "duration_ms_p95": 30_000,
                    "image_count": 4,
                    "video_seconds": 4,
                    "total_input_tokens": 0,
                    "total_output_tokens": 0,
                },
            }
        ],
    }
    events = rows(api, EVENTS)
    assert sum(event["credits_charged"] for event in events) == 1000 - api.team.credits > 0
    assert sorted(event["status"] for event in events) == ["cancelled", *["completed"] * 3, "failed", "pending"]


@pytest.mark.parametrize(
    ("seconds", "middle", "high"),
    [([], None, None), ([3], 3000, 3000), ([1, 3], 2000, 2900), ([1, 2, 3, 4, 100], 3000, 80_800)],
)
def test_percentiles_are_of_what_succeeded(
    api: Api, seconds: list[int], middle: float | None, high: float | None
) -> None:
    """Interpolated; one is its own, and of nothing there is none."""
    api.aurous.images.add(status="failed")
    for one in seconds:
        image = api.aurous.images.add(status="processing", script="pending! -> processing! -> succeeded")
        api.clock.advance(seconds=one)
        image.finish()

    metrics = rows(api)[0]["groups"][0]["metrics"]

    assert metrics["duration_ms_p50"] == middle
    assert metrics["duration_ms_p95"] == (pytest.approx(high) if high is not None else None)


@pytest.mark.parametrize(
    ("width", "start", "end"),
    [
        ("1m", "2026-05-08T10:07:00.000Z", "2026-05-08T10:08:00.000Z"),
        ("5m", "2026-05-08T10:05:00.000Z", "2026-05-08T10:10:00.000Z"),
        ("15m", "2026-05-08T10:00:00.000Z", "2026-05-08T10:15:00.000Z"),
        ("1h", "2026-05-08T10:00:00.000Z", "2026-05-08T11:00:00.000Z"),
        ("1d", "2026-05-08T00:00:00.000Z", "2026-05-09T00:00:00.000Z"),
        ("7d", "2026-05-07T00:00:00.000Z", "2026-05-14T00:00:00.000Z"),
        ("30d", "2026-05-07T00:00:00.000Z", "2026-06-06T00:00:00.000Z"),
    ],
)
def test_usage_1_a_bucket_has_its_width(api: Api, width: str, start: str, end: str) -> None:
    """Each width has its borders, wherever the range begins."""
    api.clock.advance(seconds=7 * 60 + 30)
    api.aurous.images.add()

    (bucket,) = rows(api, bucket_width=width, start_time="2026-05-08T00:00:00Z")

    assert (bucket["bucket_start"], bucket["bucket_end"]) == (start, end)


@both_paths
def test_usage_1_usage_3_a_range_has_its_start_and_not_its_end(api: Api, path: str) -> None:
    """Inclusive and exclusive, in any zone; the end is now unless it is told."""
    api.aurous.images.add()

    def count(**query: str) -> int:
        return len(rows(api, path, **query))

    assert count() == 1
    assert count(start_time="2026-05-08T10:00:00Z") == 1
    assert count(start_time="2026-05-08T12:00:00+02:00") == 1
    assert api.get(f"{path}?start_time=2026-05-01T00:00:00+02:00").status == 200  # clients write the zone as it is
    assert count(end_time="2026-05-08T10:00:00Z") == 0
    assert count(end_time="2026-05-08T10:00:01Z") == 1
    assert count(start_time="2026-05-08T10:00:01Z", end_time="2027-01-01T00:00:00Z") == 0


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        ("", [(6,)]),
        ("type", [("t2i", 5), ("t2v", 1)]),
        ("status", [("cancelled", 1), ("completed", 3), ("failed", 1), ("pending", 1)]),
        ("status,type", [("cancelled", "t2i", 1), ("completed", "t2i", 2), ("completed", "t2v", 1)]),
        ("model,api_key_id,user_id", [(None, None, None, 6)]),
    ],
)
def test_usage_1_groups(api: Api, group_by: str, expected: list[tuple[Any, ...]]) -> None:
    """A key carries exactly the fields that were asked for, in that order; success is `completed` here."""
    work(api)

    found = groups(api, group_by=group_by)

    assert sorted(found, key=str)[: len(expected)] == expected
    assert sum(count for *_, count in found) == 6
    assert [list(group["key"]) for group in rows(api, group_by=group_by)[0]["groups"]] == [
        [name for name in group_by.split(",") if name]
    ] * len(found)


@pytest.mark.parametrize(
    "query",
    [
        "group_by=status,type",
        "group_by=status&group_by=type",
        "group_by%5B%5D=status&group_by%5B%5D=type",
        "group_by=status&group_by[]=type",
        "group_by[]=status,type",
    ],
)
def test_usage_1_groups_are_a_list_in_every_spelling(api: Api, query: str) -> None:
    """Separated by commas, repeated, with brackets behind the name, or mixed: no value is lost."""
    work(api)

    (bucket,) = api.get(f"{USAGE}?start_time={START}&{query}").json["data"]

    assert [list(group["key"]) for group in bucket["groups"]] == [["status", "type"]] * len(bucket["groups"])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": "completed"}, 3),
        ({"status": "completed,failed"}, 4),
        ({"type": "t2v"}, 1),
        ({"type": "t2i,t2v", "status": "pending"}, 1),
        ({"lora_id": "{style}"}, 1),
        ({"character_id": "{character}"}, 1),
        ({"type": "chat"}, 0),
        ({"model": "x"}, 0),
        ({"status": "succeeded"}, 0),
    ],
    ids=str,
)
def test_usage_1_filters(api: Api, query: dict[str, str], count: int) -> None:
    """One or several values of each; all of them must hold."""
    work(api)
    character = api.characters.add()
    api.aurous.images.add(status="processing", script="pending -> processing!", character=character)
    style = api.get("/v1/video_loras/seedance-1-pro").json["id"]
    query = {name: value.format(style=style, character=character.id) for name, value in query.items()}

    found = rows(api, **query)

    assert sum(row["groups"][0]["metrics"]["request_count"] for row in found) == count


@both_paths
def test_usage_1_usage_3_a_filter_may_be_repeated(api: Api, path: str) -> None:
    """``status=a&status=b`` is ``status=a,b``."""
    work(api)

    response = api.get(f"{url(path)}&status=failed&status=cancelled").json

    assert response["data"]
    assert response == api.get(url(path, status="failed,cancelled")).json


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ({"start_time": None}, "missing_field", "start_time"),
        (
            {"start_time": "2026-05-08T10:00:00Z", "end_time": "2026-05-08T10:00:00Z"},
            "value_out_of_range",
            "start_time",
        ),
        ({"start_time": "2026-05-09T00:00:00Z"}, "value_out_of_range", "start_time"),
        ({"start_time": "2024-05-07T00:00:00Z"}, "value_out_of_range", "start_time"),
        ({"start_time": "0001-01-01T00:00:00+01:00"}, "value_out_of_range", "start_time"),
    ],
    ids=str,
)
@both_paths
def test_usage_1_usage_3_refuses_a_query(
    api: Api, path: str, query: dict[str, str | None], code: str, param: str
) -> None:
    """Ranges that there are not. Other wrong values: see `test_refusals.py`."""
    told = {name: value for name, value in {"start_time": START, **query}.items() if value is not None}

    api.refused("GET", f"{path}?{urlencode(told)}", status=400, code=code, param=param)


@pytest.mark.parametrize("limit", [2, 5])
@pytest.mark.parametrize("again", ["token alone", "all again"])
def test_usage_2_pages_show_each_bucket_once(api: Api, limit: int, again: str) -> None:
    """Page by page, with the token alone or with the same query again, newest first."""
    days(api, 5)
    whole = rows(api, group_by="type")
    seen: list[Any] = []
    query: dict[str, Any] = {"start_time": START, "group_by": "type", "limit": limit}
    ask = query

    while True:
        page = api.get(f"{USAGE}?{urlencode(ask)}").json
        seen += page["data"]
        assert page["has_more"] is (page["next_page"] is not None)
        if page["next_page"] is None:
            break
        ask = {"page_token": page["next_page"], **(query if again == "all again" else {})}

    assert seen == whole
    assert len(seen) == 5


@pytest.mark.parametrize("query", [{"limit": 2}, {"start_time": "2026-05-02T00:00:00Z"}, {"status": "failed"}], ids=str)
def test_usage_2_a_page_token_goes_with_its_query(api: Api, query: dict[str, Any]) -> None:
    """Another value, or another field, is a drift; what is not sent again is none."""
    days(api, 3)
    token = api.get(url(limit=1)).json["next_page"]
    other = {"start_time": START, "limit": 1, "page_token": token, **query}

    api.refused("GET", f"{USAGE}?{urlencode(other)}", status=400, code="invalid_page_token", param="page_token")
    assert api.get(f"{USAGE}?limit=1&page_token={quote(token)}").status == 200


def test_auth_7_usage_2_another_teams_page_token_is_none(api: Api) -> None:
    """It is refused like one that was made up."""
    days(api, 3)
    token = quote(api.get(url(limit=1)).json["next_page"])
    key = api.aurous.teams.add().api_key

    api.refused(
        "GET", f"{USAGE}?page_token={token}", key=key, status=400, code="invalid_page_token", param="page_token"
    )


def _token(told: Any) -> str:
    return urlsafe_b64encode(json.dumps(told).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "größe",
        "AAAA",
        _token([]),
        _token(None),
        _token({}),
        _token({"t": "{team}", "x": 9e9}),
        _token({"t": "{team}", "x": "soon"}),
        _token({"t": "{team}", "x": 9e9, "qf": 1, "b": 1, "q": []}),
        _token({"t": "{team}", "x": 9e9, "qf": 1, "b": float("inf"), "q": {"start_time": START}}),
        _token({"t": "{team}", "x": 10**400, "qf": 1, "b": 1, "q": {"start_time": START}}),
        _token({"t": "{team}", "x": 9e9, "qf": 1, "b": 1, "q": {"start_time": 5}}),
        urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
    ids=lambda token: str(token)[:20],
)
def test_garbage_is_no_page_token(api: Api, token: str) -> None:
    """Whatever is sent, it is the client's mistake, never a bug of the fake."""
    if token.startswith("eyJ0"):  # it is of this team
        token = _token({**json.loads(urlsafe_b64decode(token)), "t": api.team.id})

    api.refused("GET", f"{USAGE}?page_token={quote(token)}", status=400, code="invalid_page_token", param="page_token")


def test_usage_3_an_event_is_a_request_that_costs(api: Api) -> None:
    """What was asked for, what became of it, and what was charged; reading it is no poll."""
    made = api.post("/v1/images", json={"prompt": "A cat", "count": 2})
    api.clock.advance(seconds=12)
    assert {rows(api, EVENTS)[0]["status"] for _ in range(5)} == {"pending"}
    api.aurous.images.last.finish()

    (event,) = rows(api, EVENTS)

    assert event == {
        "id": made.json["id"],
        "type": "image",
        "model": None,
        "status": "completed",
        "created_at": "2026-05-08T10:00:00.000Z",
        "completed_at": "2026-05-08T10:00:12.000Z",
        "duration_ms": 12_000,
        "input_tokens": None,
        "output_tokens": None,
        "credits_charged": made.json["cost"]["amount"],
        "api_key_id": None,
        "user_id": None,
        "request_id": made.headers["Aurous-Request-Id"],
    }


def test_time_1_events_have_milliseconds(make_api: Callable[..., Api]) -> None:
    """Unlike the records themselves; what is not over has not completed."""
    api = make_api(now="2026-05-20T08:14:23.491Z")
    image = api.aurous.images.add(status="processing")
    (running,) = rows(api, EVENTS)
    api.clock.advance(seconds=1.25)
    image.finish()

    (done,) = rows(api, EVENTS)

    assert (running["created_at"], running["completed_at"]) == ("2026-05-20T08:14:23.491Z", None)
    assert (done["created_at"], done["completed_at"]) == ("2026-05-20T08:14:23.491Z", "2026-05-20T08:14:24.741Z")
    assert image.created_at == "2026-05-20T08:14:23Z"


@pytest.mark.parametrize("status", ["expired", "moderation_rejected"])
def test_img_6_usage_counts_a_bad_end_as_failed(api: Api, status: str) -> None:
    """Usage has no other word for it."""
    api.aurous.images.add(status=status)

    assert groups(api, group_by="status") == [("failed", 1)]
    assert rows(api)[0]["groups"][0]["metrics"]["failed_count"] == 1
    assert [row["status"] for row in rows(api, EVENTS, status="failed")] == ["failed"]


def test_usage_3_events_are_the_newest_first(api: Api) -> None:
    """Events of one second are ordered by id."""
    first = [api.aurous.images.add().id for _ in range(3)]
    api.clock.advance(seconds=1)
    last = api.aurous.videos.add().id

    assert [event["id"] for event in rows(api, EVENTS)] == [last, *sorted(first)]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"type": "image"}, 5),
        ({"type": "video"}, 1),
        ({"type": "image,video"}, 6),
        ({"type": "chat"}, 0),
        ({"status": "completed", "type": "video"}, 1),
    ],
    ids=str,
)
def test_events_are_filtered_by_medium(api: Api, query: dict[str, str], count: int) -> None:
    """Here a type is a medium."""
    work(api)

    assert len(rows(api, EVENTS, **query)) == count


@pytest.mark.parametrize("limit", [2, 6])
def test_usage_3_a_cursor_leads_through_all_events(api: Api, limit: int) -> None:
    """Page by page, each once; a newer one does not disturb."""
    work(api)
    whole = rows(api, EVENTS)
    seen: list[Any] = []
    more: dict[str, str] = {}

    while True:
        page = api.get(url(EVENTS, limit=limit, **more)).json
        assert len(page["data"]) <= limit
        seen += page["data"]
        if not page["has_more"]:
            assert page["next_cursor"] is None
            break
        more = {"cursor": page["next_cursor"]}
        api.clock.advance(seconds=1)
        api.aurous.images.add()

    assert seen == whole


def test_a_cursor_works_though_its_row_has_moved_on(api: Api) -> None:
    """Whoever pages through what is under way is not disturbed when some of it ends (list-3)."""
    script = "pending! -> processing! -> succeeded"
    images = [api.aurous.images.add(status="processing", script=script) for _ in range(3)]
    page = api.get(url(EVENTS, limit=1, status="processing")).json
    api.aurous.images[page["next_cursor"]].finish()

    rest = rows(api, EVENTS, status="processing", cursor=page["next_cursor"])

    assert {page["next_cursor"], *(event["id"] for event in rest)} == {image.id for image in images}
