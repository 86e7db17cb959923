"""Forks a worker, in a process without a tracer: a child waits forever for a lock that its tracer held there."""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from threading import Event, Thread

import httpx

from pytest_aurous import Aurous, AurousError

URL = "https://api.aurous-labs.com/v1/team"


def status(url: str, key: str) -> int:
    return httpx.get(url, headers={"X-Api-Key": key}).status_code


def main() -> None:
    """Write what a worker gets that is forked while another thread holds the lock of the fake."""
    held, go_on = Event(), Event()

    with Aurous() as aurous:
        key, lock = str(aurous.api_key), aurous._session.app.world.lock

        def hold() -> None:
            with lock:
                held.set()
                go_on.wait(60)

        thread = Thread(target=hold, daemon=True)
        thread.start()
        assert held.wait(60)
        with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
            error = pool.submit(status, URL, key).exception(timeout=60)
        go_on.set()
        thread.join(60)
        assert isinstance(error, AurousError), error
        assert not aurous.calls
        sys.stdout.write(str(error))


if __name__ == "__main__":
    main()
