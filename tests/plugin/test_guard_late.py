"""What a test leaves behind is its own affair: it neither fails nor opens anything for the tests that follow."""

from typing import Final

import pytest

HEAD: Final = """
    import asyncio, queue, socket, threading
    from concurrent.futures import ThreadPoolExecutor
    import httpx, pytest
    from pytest_aurous import Aurous, AurousNetworkBlocked

    class Worker:
        '''A thread that does what it takes from a queue, which shows nobody whose it is.'''

        def __init__(self):
            self.jobs, self.errors = queue.Queue(), []
            self.thread = threading.Thread(target=self.run, name="the worker", daemon=True)

        def run(self):
            while True:
                job, done = self.jobs.get()
                try:
                    job()
                except Exception as error:
                    self.errors.append(error)
                done.set()

        def do(self, job):
            done = threading.Event()
            self.jobs.put((job, done))
            assert done.wait(60)

    worker = Worker()

    def look_up():
        socket.getaddrinfo("api.aurous-labs.com", 443)

    def swallow():
        try:
            look_up()
        except AurousNetworkBlocked:
            pass

    def send(path):
        return httpx.get(f"https://api.aurous-labs.com/v1{path}", headers={"X-Api-Key": "al_live_" + "0" * 64})
"""
pytestmark = pytest.mark.usefixtures("no_resolver")
IN_ORDER: Final = ("-p", "no:randomly", "-p", "no:random_order")


def test_allow_is_for_its_own_test_alone(pytester: pytest.Pytester) -> None:
    """Its threads, pools and tasks are let through; a thread of another test is not, nor its own in the next test."""
    pytester.makepyfile(
        HEAD
        + """
    late, allow = Worker(), pytest.mark.aurous(network="allow")

    def through():
        with pytest.raises(socket.gaierror, match="the real resolver"):
            look_up()

    async def in_tasks():
        await asyncio.create_task(asyncio.to_thread(through))
        with pytest.raises(OSError):
            await asyncio.get_running_loop().getaddrinfo("api.aurous-labs.com", 443)

    def test_first():
        worker.thread.start()

    @allow
    def test_second():
        worker.do(look_up)
        assert [type(error) for error in worker.errors] == [AurousNetworkBlocked]
        through()
        thread = threading.Thread(target=through)
        thread.start()
        thread.join()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(through).result()
        asyncio.run(in_tasks())
        late.thread.start()

    def test_third():
        late.do(look_up)
        assert [type(error) for error in late.errors] == [AurousNetworkBlocked]
    """
    )

    result = pytester.runpytest(*IN_ORDER)

    result.assert_outcomes(passed=3, warnings=2)
    result.stdout.fnmatch_lines(["*the worker, *::test_first *", "*::test_second *"])
    result.stdout.fnmatch_lines(["*the worker, *::test_second *", "*::test_third *"])
    result.stdout.no_fnmatch_line("*There is no fake here*")


def test_a_late_lookup_names_the_test_that_left_it(pytester: pytest.Pytester) -> None:
    """In a thread, its child, a job of a pool, between two tests and after the last; also under ``-W error``."""
    pytester.makepyfile(
        test_late=HEAD
        + """
    pool = ThreadPoolExecutor(1, thread_name_prefix="old")
    go, done = threading.Event(), []

    def late():
        go.wait(60)
        swallow()

    def parent():
        go.wait(60)
        child = threading.Thread(target=late, name="the child")
        child.start()
        child.join()

    def test_first():
        worker.thread.start()
        done.append(pool.submit(late))
        thread = threading.Thread(target=parent)
        thread.start()
        done.append(thread)

    def test_second():
        go.set()
        done[0].result()
        done[1].join()
        pool.shutdown()
    """
    )
    pytester.makeconftest(
        """
        import sys
        import pytest

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_protocol(item):
            result = yield
            if item.name == "test_first":
                sys.modules["test_late"].swallow()
            return result

        def pytest_sessionfinish():
            late = sys.modules["test_late"]
            late.worker.do(late.swallow)
        """
    )

    result = pytester.runpytest(*IN_ORDER, "-W", "error")

    result.assert_outcomes(passed=2, warnings=4)
    result.stdout.fnmatch_lines(["*AurousWarning: *test_late.py::test_first: *"])
    for who in ("old_0", "the child", "the worker"):
        result.stdout.fnmatch_lines_random([f"*AurousWarning: {who}, *::test_first *"])


def test_a_job_for_an_older_pool_belongs_to_who_submits_it(pytester: pytest.Pytester) -> None:
    """By `submit`, `map`, `run_in_executor`, `to_thread` and a loop in another thread: it fails the second test."""
    pytester.makepyfile(
        HEAD
        + """
    pool = ThreadPoolExecutor(1)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)

    async def swallow_async():
        swallow()

    async def run_in_executor():
        await asyncio.get_running_loop().run_in_executor(pool, swallow)

    def test_first():
        thread.start()
        pool.submit(int).result()

    def test_submit():
        pool.submit(swallow).result()

    def test_map():
        list(pool.map(lambda _: swallow(), [1]))

    def test_run_in_executor():
        asyncio.run(run_in_executor())

    def test_loop():
        asyncio.run_coroutine_threadsafe(swallow_async(), loop).result(20)

    def test_loop_and_thread():
        asyncio.run_coroutine_threadsafe(asyncio.to_thread(swallow), loop).result(20)

    def test_last():
        pool.shutdown()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    """
    )

    pytester.runpytest(*IN_ORDER).assert_outcomes(passed=2, failed=5, warnings=0)


@pytest.mark.parametrize("how", ["session fixture", "import"])
def test_a_thread_that_no_test_started_is_nobodys(pytester: pytest.Pytester, how: str) -> None:
    """What it looks up is a warning; what it sends to a fake counts as the running test's."""
    pytester.makepyfile(
        HEAD
        + ("\n    worker.thread.start()\n" if how == "import" else "")
        + f"""
    @pytest.fixture({'scope="session", ' if how != "import" else ""}autouse=True)
    def started():
        {"worker.thread.start()" if how != "import" else "pass"}

    def test_first(): ...

    def test_second():
        worker.do(swallow)

    def test_third(aurous):
        worker.do(lambda: send("/balance"))
        aurous.assert_called("balance.*", times=1)

    def test_fourth(aurous):
        worker.do(lambda: send("/balanse"))
    """
    )

    result = pytester.runpytest(*IN_ORDER)

    result.assert_outcomes(passed=3, failed=1, warnings=1)
    result.stdout.fnmatch_lines(["*AurousWarning: the worker, *", "*::test_second *"])
    result.stdout.fnmatch_lines(["FAILED *::test_fourth - *AurousUnmatchedRequest*"])


def test_late_requests_to_the_next_fake_fail_nothing(pytester: pytest.Pytester) -> None:
    """An unmatched one, a pitfall, a good one, and one that a route answers: each is a warning with both names.

    A fake for many tests is none of the next: threads of any test may send to it.
    """
    pytester.makepyfile(
        HEAD
        + """
    def endless():
        for _ in range(5):
            send("/characters/chr_01ARZ3NDEKTSV4RRFFQ69G5FAV")

    def test_first(aurous):
        worker.thread.start()

    @pytest.mark.aurous(pitfalls="error")
    @pytest.mark.parametrize("path", ["/balanse", "/balance"])
    def test_second(aurous, path):
        worker.do(lambda: send(path))

    @pytest.mark.aurous(pitfalls="error")
    def test_pitfall(aurous):
        worker.do(endless)
        assert aurous.pitfalls == []

    def test_route(aurous):
        aurous.route("balance.retrieve").respond(503)
        worker.do(lambda: send("/balance"))

    def test_context_manager():
        with Aurous():
            worker.do(lambda: send("/balanse"))
    """,
        test_many=HEAD
        + """
    @pytest.fixture(scope="module")
    def fake():
        with Aurous() as fake:
            yield fake

    def test_one(fake):
        worker.thread.start()

    def test_two(fake):
        worker.do(lambda: send("/balance"))
        assert len(fake.calls) == 1
    """,
    )

    result = pytester.runpytest(*IN_ORDER, "-W", "error")

    result.assert_outcomes(passed=8, warnings=5)
    tests = ("test_second?/balanse?", "test_second?/balance?", "test_pitfall", "test_route", "test_context_manager")
    result.stdout.fnmatch_lines_random([f"*AurousWarning: the worker, *::test_first *GET *{one} *" for one in tests])
