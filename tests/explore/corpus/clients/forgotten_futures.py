"""Submits jobs to a thread pool and never reads their results, so no error is noticed."""

from concurrent.futures import ThreadPoolExecutor, wait

from clients.common import publish

FOUND = {"characters.create#2 fails": ("tells",)}


def careless(name: str) -> int:
    with ThreadPoolExecutor(1) as pool:
        done, _ = wait([pool.submit(publish, f"{name} {number}") for number in (1, 2)])
    return len(done)


def careful(name: str) -> int:
    with ThreadPoolExecutor(1) as pool:
        futures = [pool.submit(publish, f"{name} {number}") for number in (1, 2)]
    return len([future.result() for future in futures])
