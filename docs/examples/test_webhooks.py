from pytest_aurous import Aurous


def test_a_failed_delivery_is_retried(aurous: Aurous) -> None:
    """The second attempt follows five seconds later, on the clock of the fake."""
    statuses = iter([503, 200])
    aurous.webhooks.deliver_to(lambda _: next(statuses))
    aurous.images.add(status="processing").finish()

    aurous.webhooks.flush()
    aurous.clock.advance(seconds=5)
    aurous.webhooks.flush()

    attempts = [(one.attempt, one.status) for one in aurous.webhooks.deliveries]
    assert attempts == [(1, "failed"), (2, "delivered")]
