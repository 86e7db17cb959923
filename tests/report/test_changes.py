"""What each step has changed: the states that a trace shows around it."""

from pytest_aurous._report.changes import StateFollower
from tests.conftest import Api


def test_each_step_is_shown_with_the_state_that_it_left(api: Api) -> None:
    """Whatever it has written or deleted: what the changes say, going back and forth, is what was there."""
    # The clock stands still, because a state signs the URLs of its records when it is written.
    ready, reviewing = (api.characters.add(status=status) for status in ("ready", "reviewing"))
    image = api.aurous.images.add(status="pending")
    api.aurous.webhooks.deliver_to(lambda _: 204)
    follower = StateFollower(api.app)
    seen, steps = [follower.present()], []
    for step in (
        lambda: api.delete(f"/v1/characters/{ready.id}"),
        lambda: api.delete(f"/v1/characters/{reviewing.id}"),
        image.finish,
        api.aurous.webhooks.flush,
        lambda: api.post("/v1/images", json={"prompt": "A cat"}, headers={"Idempotency-Key": "k"}),
        lambda: api.aurous.faults.status("balance.retrieve", 503),
        lambda: api.get("/v1/balance"),
        lambda: api.aurous.script("synthesizing -> failed"),
        lambda: api.characters.add().delete(),
    ):
        began = api.clock.time()
        step()
        steps.append((began, api.clock.time(), follower.changes()))
        seen.append(follower.present())

    assert [*follower.views(steps)] == seen
    assert [state["records"][ready.id]["gone"] for state in seen[:2]] == [False, True]
    assert {one["status"] for one in seen[4]["deliveries"].values()} == {"delivered"}
    assert follower.changes() == ()
