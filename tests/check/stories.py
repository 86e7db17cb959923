"""Short stories: what a client does, each told once. The long ones are beside the teller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_aurous._core.resources.catalog import ENDPOINTS

if TYPE_CHECKING:
    from tests.check.story import Teller

UNKNOWN: Final = "/v1/characters/char_01KRMEXM017R6QKY9FRGVYXRJ9"
KEY: Final = {"Idempotency-Key": "order-1"}
DAY: Final = 86_400
TOOL: Final = {"type": "function", "function": {"name": "get_weather"}}
TODAY: Final = {"start_time": "2026-05-08T00:00:00Z"}
PICTURE: Final = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}


def id_of(path: str) -> str:
    """Return the id at the end of a path."""
    return path.rpartition("/")[2]


def ready(teller: Teller) -> str:
    """Make a character that is ready, and return its path."""
    path = teller.synthesize("Aurora")
    teller.poll(path)
    teller.call("POST", f"{path}/save")
    return path


def acted(teller: Teller) -> None:
    """Send each action on a character to one of its own that is ready."""
    for row in ENDPOINTS:
        if row.method == "POST" and row.template.startswith("/v1/characters/{id}/"):
            teller.call("POST", row.template.format(id=id_of(ready(teller))), json=row.sample)


def patched(teller: Teller) -> None:
    """Replace the attributes, and then the name; replace it with a field that is refused, and by null; and read."""
    path = ready(teller)
    orders = ({"attributes": {"age": 40}}, {"name": "Borea"}, {"name": "Cirra", "mood": "sunny"}, {"name": None})
    for order in orders:
        teller.call("PATCH", path, json=order)
    teller.call("GET", path)


def drawn(teller: Teller) -> None:
    """Draw one pose again between balances, and one that there is not; then all; save, delete, and order an image."""
    path = teller.synthesize("Aurora")
    character = teller.aurous.characters.last

    def rest() -> None:
        while character.status == "synthesizing":
            character.finish()
        teller.call("GET", path)

    rest()
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/refs/regenerate", json={"pose": "side"})
    teller.call("GET", "/v1/balance")
    rest()
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/refs/regenerate", json={"pose": "up"})
    teller.call("POST", f"{path}/resynthesize")
    rest()
    teller.call("POST", f"{path}/save")
    teller.call("DELETE", path)
    teller.call("POST", "/v1/images", json={"prompt": "x", "character_id": id_of(path)})


def drawn_at_once(teller: Teller) -> None:
    """Draw a saved character again, whose new pictures are ready at once."""
    teller.aurous.script("synthesizing*0 -> reviewing")
    teller.call("GET", f"/v1/characters/{teller.aurous.characters.add().id}")
    path = teller.synthesize("Aurora")
    for action in ("save", "resynthesize"):
        teller.call("POST", f"{path}/{action}")


def deleted(teller: Teller) -> None:
    """Delete a character during its synthesis, between balances, and list the others."""
    teller.poll(teller.synthesize("Borea"))
    teller.call("GET", "/v1/balance")
    path = teller.synthesize("Aurora")
    teller.call("GET", "/v1/characters")
    teller.call("DELETE", path)
    teller.call("GET", "/v1/characters")
    teller.call("GET", "/v1/balance")
    teller.call("GET", "/v1/balance")


def removed(teller: Teller) -> None:
    """Read a character under a version that there is, delete it between balances, and read it."""
    path = ready(teller)
    teller.call("GET", path, headers={"Aurous-Version": "2026-05-15"})
    teller.call("GET", "/v1/balance")
    teller.call("DELETE", path)
    teller.call("GET", "/v1/balance")
    teller.call("GET", path)


def two_saved(teller: Teller) -> None:
    """Poll and save two characters, one after the other."""
    for path in [teller.synthesize(name) for name in ("Aurora", "Borea")]:
        teller.poll(path, 4)
        teller.call("POST", f"{path}/save")
        teller.poll(path, 2)


def saved(teller: Teller) -> None:
    """Order a picture of a saved character, and send the first order again."""
    path = teller.synthesize("Aurora", "order-1")
    teller.poll(path)
    teller.call("POST", f"{path}/save")
    image = teller.image(character_id=id_of(path))
    teller.synthesize("Aurora", "order-1")
    teller.call("GET", path)
    teller.call("GET", image)


def saved_at_once(teller: Teller) -> None:
    """Save a character in the second of the poll that shows it in review, use it, and read it."""
    path = teller.synthesize("Aurora")
    teller.poll(path, 1)
    teller.client.get(path)
    teller.client.post(f"{path}/save")
    teller.image(character_id=id_of(path))
    teller.call("GET", path)


def unpolled(teller: Teller) -> None:
    """Order again when the work has ended, which nobody has polled."""
    path = teller.synthesize("Aurora", "one-key")
    teller.aurous.characters.last.finish()
    teller.synthesize("Aurora", "one-key")
    teller.call("POST", f"{path}/resynthesize")
    teller.aurous.characters.last.finish()
    teller.call("POST", f"{path}/refs/regenerate", json={"pose": "front"})


def failed(teller: Teller) -> None:
    """Save a character whose synthesis has failed, and poll it."""
    path = teller.synthesize("Aurora")
    teller.aurous.characters.last.fail("provider_timeout")
    teller.poll(path, 1)
    teller.call("POST", f"{path}/save")
    teller.poll(path, 1)


def ended_at_once(teller: Teller) -> None:
    """Order what has failed, or is processed, in the response to its order; draw the character again."""
    teller.aurous.script("synthesizing*0 -> failed")
    path = teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/resynthesize")
    teller.poll(path, 1)
    teller.aurous.images.script("pending*0 -> processing -> succeeded")
    teller.poll(teller.image())
    teller.call("GET", "/v1/balance")


def early(teller: Teller) -> None:
    """Save a character too early, and read it when it is in review."""
    path = teller.synthesize("Aurora")
    teller.call("POST", f"{path}/save")
    teller.aurous.characters.last.finish()
    teller.call("GET", path)


def signed(teller: Teller) -> None:
    """Read a character that is not there, another one, and a picture of it."""
    teller.call("GET", UNKNOWN)
    found = teller.call("GET", f"/v1/characters/{teller.aurous.characters.add('Aurora').id}")
    teller.call("GET", found["refs"][0]["url"])


def listed(teller: Teller) -> None:
    """List by status, and list what is left after one was deleted."""
    ready(teller)
    other = teller.synthesize("Borea")
    teller.poll(other)
    teller.call("GET", "/v1/characters", params={"status": "ready"})
    teller.call("DELETE", other)
    teller.call("GET", "/v1/characters")


def paged(teller: Teller) -> None:
    """List 30 characters: by default, row by row, and behind an unknown cursor."""
    for number in range(30):
        teller.synthesize(f"C{number}")
    query = {"limit": 1, "starting_after": teller.call("GET", "/v1/characters")["next_cursor"]}
    one = teller.call("GET", "/v1/characters", params=query)
    teller.call("GET", "/v1/characters", params={**query, "starting_after": one["next_cursor"]})
    teller.call("GET", "/v1/characters", params={"starting_after": "nonsense"})


def pages(teller: Teller) -> None:
    """Read pages, one of them behind an unknown cursor."""
    for name in "ABC":
        teller.aurous.characters.add(name)
        teller.aurous.clock.advance(seconds=5)
    first = teller.call("GET", "/v1/characters", params={"limit": 2})
    teller.call("GET", "/v1/characters", params={"limit": 2, "starting_after": first["next_cursor"]})
    teller.call("GET", "/v1/characters", params={"limit": 1, "starting_after": id_of(UNKNOWN)})
    teller.call("GET", "/v1/characters", params={"ending_before": id_of(UNKNOWN), "starting_after": id_of(UNKNOWN)})
    teller.call("GET", "/v1/characters", params={"limit": 3})
    teller.synthesize("D")
    teller.call("GET", "/v1/characters", params={"limit": 2})


def mixed(teller: Teller) -> None:
    """List characters: one was used before, and one is newer than the last order. Read a deleted one."""
    old = teller.aurous.characters.add("Old")
    gone = teller.aurous.characters.add("Gone", status="deleted")
    teller.image(character_id=old.id)
    teller.synthesize("New")
    teller.aurous.clock.freeze("2026-05-08T10:00:05Z")
    teller.aurous.characters.add("Newest")
    teller.call("GET", "/v1/characters")
    teller.call("GET", f"/v1/characters/{gone.id}")


def priced(teller: Teller) -> None:
    """Order an image twice with one key, between balances, one in an odd size, and one that is cancelled."""
    teller.call("POST", "/v1/images/estimate", json={"prompt": "x"})
    teller.call("GET", "/v1/balance")
    made = [teller.call("POST", "/v1/images", json={"prompt": "x"}, headers=KEY) for _ in range(2)]
    teller.call("GET", "/v1/balance")
    teller.poll(f"/v1/images/{made[0]['id']}")
    teller.call("GET", "/v1/balance")
    teller.poll(teller.image(width=1050, height=1050))
    cancelled = teller.image()
    teller.call("POST", f"{cancelled}/cancel")
    teller.call("GET", cancelled)


def cancelled(teller: Teller) -> None:
    """Cancel an image between balances, and poll it."""
    teller.call("GET", "/v1/balance")
    path = teller.image()
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/cancel")
    teller.call("GET", path)
    teller.call("GET", "/v1/balance")


def styled(teller: Teller) -> None:
    """Order a video in a style that is named by its slug, read it, and poll it; order others with fewer fields."""
    order = {"video_lora_id": "seedance-1-pro", "duration": 4, "resolution": "480p"}
    video = teller.call("POST", "/v1/videos", json=order)
    teller.call("GET", f"/v1/videos/{video['id']}")
    teller.poll(f"/v1/images/{video['id']}")
    for fewer in ({"ratio": "1:1"}, {}):
        teller.call("POST", "/v1/videos", json={"video_lora_id": "seedance-1-pro", **fewer})
    teller.call("GET", "/v1/balance")


def outputs(teller: Teller) -> None:
    """Read outputs alone: of an image and a video, of work that has ended unseen, and expired ones."""
    image, video = teller.aurous.images.add(), teller.aurous.videos.add()
    teller.call("GET", f"/v1/images/{image.id}/output/0")
    teller.call("GET", str(video.output_video_url))
    new = teller.image()
    teller.aurous.images.last.finish()
    old = teller.image()
    teller.aurous.images.last.finish()
    teller.call("GET", f"{new}/output/0")
    teller.aurous.clock.advance(seconds=8 * DAY)
    teller.call("GET", f"{old}/output/0")
    teller.call("GET", old)
    teller.call("GET", f"/v1/images/{image.id}/output/0")


def named_only(teller: Teller) -> None:
    """Use a style, a style of videos with its defaults, a file and a character that were there before."""
    style = teller.aurous.loras.add("Ours")
    films = teller.aurous.video_loras.add("Films", default_duration=3, default_resolution="480p")
    file, character = teller.aurous.files.add(), teller.aurous.characters.add("Aurora")
    teller.image(lora_id=style.id, seed=7)
    teller.image(reference_image_urls=[file.id])
    teller.image(character_id=character.id)
    teller.call("POST", "/v1/videos", json={"video_lora_id": films.id})
    teller.call("GET", f"/v1/loras/{style.id}")
    teller.call("GET", f"/v1/characters/{character.id}")
    endpoint = teller.aurous.webhook_endpoints.add()
    teller.call("POST", f"/v1/webhook_endpoints/{endpoint.id}/test", json={"event_type": "image.completed"})


def classified(teller: Teller) -> None:
    """Classify an upload twice, make a character of it, and list it."""
    upload = teller.upload(classified=2)
    teller.call("POST", "/v1/characters", json={"name": "Aurora", "upload_ids": [upload]})
    teller.call("GET", "/v1/characters")


def unclassified(teller: Teller) -> None:
    """Make a character of an upload that was not classified."""
    teller.call("POST", "/v1/characters", json={"name": "Aurora", "upload_ids": [teller.upload()]})


def ticketed(teller: Teller) -> None:
    """Make a character of a ticket, classify another one twice, read an unknown character, and the first one."""
    ticket, other = teller.aurous.uploads.add(pose="side"), teller.aurous.uploads.add(pose="side")
    made = teller.call("POST", "/v1/characters", json={"name": "A", "upload_ids": [ticket.id]})
    for _ in range(2):
        teller.call("POST", "/v1/characters/uploads/classify", json={"upload_id": other.id})
    teller.call("GET", UNKNOWN)
    teller.call("GET", f"/v1/characters/{made['id']}")


def filed(teller: Teller) -> None:
    """Upload a file, read it twice, and again two days later; delete one that there never was."""
    file = teller.file()
    teller.poll(f"/v1/files/{file['id']}", 2)
    teller.aurous.clock.advance(seconds=2 * DAY)
    teller.call("GET", f"/v1/files/{file['id']}")
    teller.call("DELETE", "/v1/files/file_01KRMEXM017R6QKY9FRGVYXRJ9")


def sent(teller: Teller) -> None:
    """Send a file twice, and read a picture of a character."""
    for _ in range(2):
        teller.file(headers={"Idempotency-Key": "file-1"})
    teller.call("GET", teller.call("GET", ready(teller))["refs"][0]["url"], headers={"X-Api-Key": ""})


def published(teller: Teller) -> None:
    """Save a character between balances, and rename it."""
    path = teller.synthesize("Aurora")
    teller.poll(path)
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/save")
    teller.call("PATCH", path, json={"name": "Borea"})
    teller.call("GET", "/v1/balance")


def at_once_again(teller: Teller) -> None:
    """Order an image four times with one key."""
    for _ in range(4):
        teller.client.post("/v1/images", json={"prompt": "x"}, headers=KEY)


def again(teller: Teller) -> None:
    """Order an image three times with one key, and list it between."""
    for _ in range(3):
        teller.call("POST", "/v1/images", json={"prompt": "x"}, headers=KEY)
        teller.call("GET", "/v1/images")


def at_once_refused(teller: Teller) -> None:
    """Order an image without a prompt, four times."""
    for _ in range(4):
        teller.client.post("/v1/images", json={"prompt": " "})


def stored(teller: Teller) -> None:
    """Use one key for the same order, for another order, after a day; and a key that is too long."""
    for prompt in ("x", "x", "y"):
        teller.call("POST", "/v1/images", json={"prompt": prompt}, headers=KEY)
    teller.call("GET", "/v1/balance")
    teller.aurous.images.last.finish()
    teller.aurous.clock.advance(seconds=90_000)
    teller.call("GET", "/v1/balance")
    teller.call("POST", "/v1/images", json={"prompt": "x"}, headers=KEY)
    teller.call("GET", "/v1/balance")
    teller.call("POST", "/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "k" * 257})


def aliased(teller: Teller) -> None:
    """Use one key under its other name for the same order."""
    for _ in range(2):
        teller.call("POST", "/v1/images", json={"prompt": "x"}, headers={"Aurous-Idempotent-Key": "order-1"})


def kept_key(teller: Teller) -> None:
    """Save with the key of another order, and with a body that is no JSON."""
    path = ready(teller)
    teller.call("POST", "/v1/images", json={"prompt": "x"}, headers=KEY)
    teller.call("POST", f"{path}/save", headers=KEY)
    teller.call("POST", f"{path}/save", content="{", headers={"Content-Type": "application/json"})


def keys(teller: Teller) -> None:
    """Read with and without a key, and as a bearer; read a file by its URL."""
    teller.call("GET", "/v1/team")
    teller.call("GET", "/v1/team", headers={"X-Api-Key": ""})
    teller.call("GET", teller.file()["url"])
    key = teller.client.headers.pop("X-Api-Key")
    teller.call("GET", "/v1/balance", headers={"Authorization": f"Bearer {key}"})
    teller.call("GET", "/v1/loras", headers={"X-Api-Key": key})
    teller.call("POST", f"{UNKNOWN}/save", headers={"X-Api-Key": key})


def bearers(teller: Teller) -> None:
    """Read the team with a key in its own header, and an image and its output as a bearer."""
    teller.call("GET", "/v1/team")
    teller.client.headers["Authorization"] = f"Bearer {teller.client.headers.pop('X-Api-Key')}"
    path = teller.image()
    teller.poll(path)
    teller.call("GET", f"{path}/output/0")


def refusals(teller: Teller) -> None:
    """Send what is refused twice with one key, with a key that may only read, and without credits."""
    for _ in range(2):
        teller.call("POST", "/v1/images", json={"prompt": ""}, headers=KEY)
    reader = teller.aurous.team.add_key(scope="read")
    teller.call("GET", "/v1/team", headers={"X-Api-Key": reader})
    teller.call("POST", "/v1/images", json={"prompt": "x"}, headers={"X-Api-Key": reader})
    teller.call("GET", UNKNOWN)
    teller.call("PATCH", UNKNOWN, json={"name": "Borea"})
    teller.call("POST", "/v1/characters", content="{", headers={"Content-Type": "application/json"})
    teller.call("POST", "/v1/characters", json={"name": "of neither kind"})
    teller.aurous.team.credits = 0
    teller.call("GET", "/v1/balance")
    teller.call("POST", "/v1/characters", json={"name": "Aurora", "generate": True, "attributes": {"age": 30}})
    teller.call("POST", "/v1/images", json={"prompt": "x"})


def poor(teller: Teller) -> None:
    """Order a picture of a character without credits, and again with some."""
    character = teller.aurous.characters.add("Aurora")
    teller.aurous.team.credits = 0
    teller.call("POST", "/v1/images", json={"prompt": "On a bench", "character_id": character.id})
    teller.aurous.team.credits = 9
    teller.call("GET", teller.image())


def held(teller: Teller) -> None:
    """Show a balance during a synthesis, poll an image, and read its output by its old path."""
    path = teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")
    teller.call("GET", path)
    image = teller.image()
    teller.call("GET", image)
    teller.call("GET", f"{image.replace('images', 'generations')}/output/0", follow_redirects=False)


def twice(teller: Teller) -> None:
    """Order two images between balances."""
    teller.call("GET", "/v1/balance")
    teller.image()
    path = teller.image()
    teller.call("GET", "/v1/balance")
    teller.poll(path, 1)


def exempt(teller: Teller) -> None:
    """Show balances of a team that holds credits, and of one that pays nothing, around their orders."""
    teller.synthesize("Unseen")
    key = teller.aurous.teams.add(billing_mode="exempt").api_key
    teller.call("GET", "/v1/balance")
    teller.call("GET", "/v1/balance", headers={"X-Api-Key": key})
    teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")
    teller.call("POST", "/v1/images", json={"prompt": "x"}, headers={"X-Api-Key": key})
    teller.call("GET", "/v1/balance", headers={"X-Api-Key": key})


def ended(teller: Teller) -> None:
    """Show the balance after work that nobody polled."""
    teller.synthesize("Aurora")
    teller.aurous.characters.last.finish()
    teller.call("GET", "/v1/balance")


def listed_at_once(teller: Teller) -> None:
    """List characters twelve times, at once."""
    for _ in range(12):
        teller.client.get("/v1/characters")


def at_once(teller: Teller) -> None:
    """Order six images at once, the last two with one key, between balances."""
    teller.call("GET", "/v1/balance")
    for headers in ({}, {}, {}, {}, KEY, KEY):
        teller.client.post("/v1/images", json={"prompt": "x"}, headers=headers)
    teller.call("GET", "/v1/balance")


def chats(teller: Teller) -> None:
    """Chats of another model than the fake's guess, streams, embeddings and their estimates, and the usage of a day."""
    call, chat = teller.call, teller.aurous.chat
    chat.reply("It rains.", tokens=(31, 77))
    chat.reply(tool_calls=[("get_weather", {"city": "Tokyo"})], tokens=(99, 12, 40))
    chat.reply(refuse="I cannot help with that.")
    chat.reply("It rains in Tokyo, and it will rain tomorrow.", finish_reason="length", tokens=(44, 55))
    chat.reply("Well.", tool_calls=[("get_weather", {"city": "Tokyo"})], tokens=(20, 30, 40))
    chat.reply("It rains again.")
    call("GET", "/v1/models")
    call("GET", "/v1/balance")
    first = teller.chat("one")
    teller.chat("one")
    teller.chat(tools=[TOOL])
    teller.chat()
    call("GET", f"/v1/chat/completions/{first['id']}")
    for tools in ([], [TOOL]):
        teller.chat(stream=True, tools=tools)
        call("GET", f"/v1/chat/completions/{teller.aurous.chat.completions.last.id}")
    call("POST", f"/v1/chat/completions/{first['id']}/cancel")
    teller.chat(model="nobody")
    call("GET", "/v1/chat/completions/cmp_01KRMEXM017R6QKY9FRGVYXRJ9")
    for path in ("", "/estimate"):
        parts = [{"type": "text", "text": "hair and more"}, PICTURE]
        call("POST", f"/v1/embeddings{path}", json={"model": "aurous-embed-vision-1.0", "input": parts})
    call("GET", "/v1/balance")
    page = call("GET", "/v1/usage/events", params={**TODAY, "limit": 1})
    call("GET", "/v1/usage/events", params={**TODAY, "limit": 1, "cursor": page["next_cursor"]})
    teller.aurous.clock.advance(seconds=DAY)
    teller.chat()
    page = call("GET", "/v1/usage", params={**TODAY, "limit": 1})
    call("GET", "/v1/usage", params={"page_token": page["next_page"]})


def streamed(teller: Teller) -> None:
    """Stream a chat, and show the balance."""
    teller.aurous.chat.reply("It rains in Tokyo, and it will rain tomorrow.", tokens=(44, 55))
    teller.chat(stream=True)
    teller.call("GET", "/v1/balance")


def cut(teller: Teller) -> None:
    """Leave a stream after its first event, and read its completion, between balances."""
    teller.call("GET", "/v1/balance")
    order = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    with teller.client.stream("POST", "/v1/chat/completions", json=order) as response:
        next(response.iter_bytes())
    teller.call("GET", f"/v1/chat/completions/{teller.aurous.chat.completions.last.id}")
    teller.call("GET", "/v1/balance")


def warned(teller: Teller) -> None:
    """Stream a chat with a key, of which an event warns."""
    teller.chat("order-1", stream=True)


def embedded(teller: Teller) -> None:
    """Embed a text twice with one key, between balances."""
    for _ in range(2):
        teller.call("GET", "/v1/balance")
        order = {"model": "aurous-embed-vision-1.0", "input": "black hair"}
        teller.call("POST", "/v1/embeddings", json=order, headers=KEY)
    teller.call("GET", "/v1/balance")


def misused(teller: Teller) -> None:
    """Send what the API refuses for reasons of one operation each; without credits, draw again."""
    call = teller.call
    path = ready(teller)
    teller.chat(messages=[{"role": "nobody", "content": "?"}])
    call("POST", "/v1/chat/completions", json={})
    call("POST", "/v1/embeddings", json={})
    call("GET", f"/v1/video_loras/{call('GET', '/v1/video_loras')[0]['id']}")
    call("POST", "/v1/images", json={"prompt": "x", "lora_id": "seedance-1-pro"})
    call("GET", f"/v1/videos/{teller.aurous.videos.add().id}")
    call("GET", str(teller.aurous.videos.last.output_video_url))
    teller.aurous.team.credits = 0
    call("GET", "/v1/balance")
    call("POST", f"{path}/resynthesize")
    for _ in range(2):
        call("DELETE", path)


def registered(teller: Teller) -> None:
    """Rotate the secret of an endpoint, read it, and read what images and a chat were charged."""
    made = {"url": "https://receiver.example", "events": ["*"]}
    path = f"/v1/webhook_endpoints/{teller.call('POST', '/v1/webhook_endpoints', json=made)['id']}"
    teller.call("POST", f"{path}/rotate_secret")
    teller.call("GET", path)
    for _ in range(2):
        teller.poll(teller.image())
    teller.chat()
    teller.call("GET", "/v1/usage/events", params=TODAY)


def studio(teller: Teller) -> None:
    """Save a character, draw it again, rename it and delete it, with balances between."""
    teller.call("GET", "/v1/balance")
    path = ready(teller)
    teller.call("GET", path)
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/resynthesize")
    teller.call("GET", path)
    teller.call("GET", "/v1/balance")
    teller.poll(path)
    teller.call("PATCH", path, json={"name": "Borea"})
    teller.call("GET", path)
    teller.image(character_id=id_of(path))
    teller.call("DELETE", path)
    teller.call("POST", "/v1/images", json={"prompt": "x", "character_id": id_of(path)})
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/save")


def works(teller: Teller) -> None:
    """Cancel an image and a video, and chat, between balances."""
    cancelled(teller)
    order = {"video_lora_id": "seedance-1-pro", "duration": 4, "resolution": "480p"}
    video = teller.call("POST", "/v1/videos", json=order)
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"/v1/images/{video['id']}/cancel")
    said = teller.chat()
    teller.call("GET", "/v1/balance")
    teller.poll(f"/v1/chat/completions/{said['id']}", 2)


def innocent(teller: Teller) -> None:
    """Meet what a check once accused wrongly."""
    call = teller.call
    call("GET", "/v1/team", headers={"X-Api-Key": "al_live_nobody"})
    call("GET", "/v1/team")
    styles = call("GET", "/v1/loras")
    call("GET", f"/v1/loras/{styles[0]['slug']}")
    path = ready(teller)
    call("PATCH", path, json={"name": "Borea"})
    character = call("GET", path)
    call("GET", character["refs"][0]["url"])
    teller.upload(classified=2)
    call("GET", path)


def rotated(teller: Teller) -> None:
    """Read with the key of another team, with a new key, and with the old one when it is revoked."""
    path = teller.synthesize("Aurora")
    new = teller.aurous.api_key.rotate()
    other = teller.aurous.teams.add().api_key
    for key in (new, other):
        teller.call("GET", path, headers={"X-Api-Key": key})
    teller.call("GET", "/v1/team", headers={"X-Api-Key": other})
    teller.client.headers.pop("X-Api-Key")
    teller.call("GET", path, headers={"Authorization": f"Bearer {new}"})
    teller.aurous.clock.advance(seconds=DAY)
    teller.call("GET", path, headers={"X-Api-Key": teller.aurous.api_key})


def restored(teller: Teller) -> None:
    """Go back to a snapshot: the same ids may be made again."""
    teller.call("GET", "/v1/balance")
    teller.poll(teller.synthesize("Aurora", "one-key"))
    before = teller.aurous.snapshot()
    for name in "AB":
        path = teller.synthesize(name, f"key-{name}")
        teller.poll(path)
        teller.call("POST", f"{path}/save")
        teller.call("GET", "/v1/balance")
        teller.call("GET", "/v1/characters")
        teller.aurous.restore(before)
        teller.call("GET", path)


def meddled(teller: Teller) -> None:
    """Meet credits that change without a request, and work whose end nobody has polled."""
    teller.call("GET", "/v1/balance")
    teller.aurous.team.credits = 500
    teller.call("GET", "/v1/balance")
    image, character = teller.image(), teller.synthesize("Aurora")
    teller.aurous.images.last.finish()
    teller.aurous.characters.last.fail("provider_timeout")
    teller.call("GET", "/v1/balance")
    teller.call("GET", image)
    teller.call("GET", character)
    teller.aurous.team.credits = 1
    teller.call("POST", "/v1/characters", json={"name": "B", "generate": True, "attributes": {"age": 30}})
    teller.aurous.team.credits = 50
    teller.synthesize("C")
    teller.call("GET", "/v1/balance")
