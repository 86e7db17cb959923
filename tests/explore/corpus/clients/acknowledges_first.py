"""Removes a job from the queue before it is done: if the job fails or its worker crashes, the job is lost."""

from concurrent.futures import ThreadPoolExecutor

from clients.common import publish

Queue = list[str]
FOUND = {"characters.create#1 crash": ("recovers",)}


def fresh() -> Queue:
    """Make a queue with one job."""
    return ["Aurora"]


def careless(queue: Queue) -> int:
    """Acknowledge the job, then work."""

    def work() -> int:
        done = 0
        while queue:
            publish(queue.pop(0))
            done += 1
        return done

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def careful(queue: Queue) -> int:
    """Work, then acknowledge the job."""

    def work() -> int:
        done = 0
        while queue:
            publish(queue[0])
            queue.pop(0)
            done += 1
        return done

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
