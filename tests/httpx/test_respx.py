"""respx stands one level below: each router answers its own hosts, as strictly as it was told to be."""

import pytest

pytestmark = pytest.mark.lowest


def test_each_router_keeps_its_hosts(pytester: pytest.Pytester) -> None:
    """A user's router or `respx_mock`, strict or lenient, started before or after; each verdict stands for itself."""
    pytester.makepyfile(
        """
        import httpx, pytest, respx

        def ours(aurous):
            return httpx.get(aurous.base_url + "/v1/balance", headers={"X-Api-Key": aurous.api_key})

        @pytest.fixture(params=[True, False], ids=["strict", "lenient"])
        def router(request):
            with respx.mock(assert_all_mocked=request.param) as router:
                router.strict = request.param
                yield router

        def check(aurous, router):
            route = router.get("https://other.example/").respond(201)
            assert ours(aurous).json()["credits"] == 1000
            assert httpx.get("https://other.example/").status_code == 201
            if router.strict:
                with pytest.raises(respx.models.AllMockedAssertionError, match="not mocked"):
                    httpx.get("https://other.example/else")
            else:
                assert (httpx.get("https://other.example/else").status_code, router.calls.call_count) == (200, 2)
            assert (route.call_count, aurous.calls.count()) == (1, 1)
            assert "aurous-labs" not in str([call.request.url for call in router.calls])

        def test_router_first(router, aurous): check(aurous, router)

        def test_fake_first(aurous, router): check(aurous, router)

        @pytest.fixture
        def strict(respx_mock):
            respx_mock.strict = True
            return respx_mock

        def test_fixture_first(strict, aurous): check(aurous, strict)

        def test_fixture_later(aurous, strict): check(aurous, strict)

        @pytest.mark.respx(assert_all_mocked=False)
        def test_lenient(aurous, respx_mock):
            respx_mock.strict = False
            check(aurous, respx_mock)

        @pytest.mark.respx(assert_all_called=True)
        def test_uncalled(aurous, respx_mock):
            respx_mock.get("https://other.example/").respond(201)
            assert ours(aurous).status_code == 200

        def test_foreign(aurous, respx_mock):
            httpx.get("https://other.example/")

        def test_ours(aurous, respx_mock):
            httpx.get(aurous.base_url + "/v1/charcters")
        """
    )

    result = pytester.runpytest("-p", "respx")

    result.assert_outcomes(passed=8, errors=1, failed=2)
    result.stdout.fnmatch_lines_random(
        [
            "ERROR *::test_uncalled - AssertionError: RESPX: some routes were not called!",
            "FAILED *::test_foreign - respx.models.AllMockedAssertionError: *other.example*",
            "FAILED *::test_ours - *AurousUnmatchedRequest: *charcters",
        ]
    )
