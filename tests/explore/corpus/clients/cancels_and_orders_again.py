"""Cancels a slow image and creates another one, instead of polling the first one in the next run."""

import time

from clients.common import Json, PublishError, connect, send

FOUND = {"images.create#1 slow": ("tells",)}
MAY_RAISE = (PublishError, TimeoutError)


def careless(prompt: str) -> Json:
    """Cancel, and order again."""
    for number in range(3):
        try:
            return _picture(prompt, f"{prompt} {number}", cancel=True)
        except TimeoutError:
            continue
    raise PublishError("took too long")


def careful(prompt: str) -> Json:
    """Leave it in progress: the next run finds it by its key."""
    return _picture(prompt, f"{prompt} 0", cancel=False)


def _picture(prompt: str, key: str, *, cancel: bool) -> Json:
    with connect() as api:
        image = send(api, "POST", "/v1/images", key=key, body={"prompt": prompt})
        deadline = time.monotonic() + 300
        while image["status"] in {"pending", "processing"}:
            if time.monotonic() > deadline:
                if cancel:
                    send(api, "POST", f"/v1/images/{image['id']}/cancel")
                raise TimeoutError(prompt)
            time.sleep(5)
            image = send(api, "GET", f"/v1/images/{image['id']}")
        if image["status"] != "succeeded":
            raise PublishError(image["error_message"] or image["status"])
        return image
