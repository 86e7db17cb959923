"""The command ``pytest-aurous serve``: its options, what it does beside serving, and what it prints."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from functools import partial
from io import FileIO
from pathlib import Path
from queue import SimpleQueue
from secrets import randbits
from typing import TYPE_CHECKING, Any, Final

from .._core.base.data import LimitError, is_array, is_object, read_file, read_json
from .._core.base.errors import AurousError, nearest, see
from .._core.base.files import write_whole
from .._core.base.instants import iso
from .._core.base.redaction import redacted, shortened
from .._core.wire.call import secret_of
from .._core.wire.har import HarWriter, har
from .._facade import SETTINGS, fake_key, used_for
from .._fake.aurous import Aurous
from .._fake.objects import say_place, session_of
from .actions import Action, perform
from .control import Control
from .replies import CONTROL
from .table import collections, operations
from .tape import KEEP, Taped

if TYPE_CHECKING:
    from .server import AurousServer

PORT: Final = 8787
_PAGE: Final = see("how-to/server.html")
_STATE: Final = (
    f'Expected what aurous.export() returns, or records to add: {{"characters": [{{"name": "Aurora"}}]}}.\n{_PAGE}'
)
_MOST_STATE: Final = 1024**3
"""Bytes; a save has about 1 kB for each record, and the pictures that chats contain."""
_ENDING: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
"""Windows has the last one, and sends nobody the second."""
_MINUTE: Final = 60.0
_MOMENT: Final = 0.2
"""Seconds between two looks at what is new: nobody sees the delay, and an idle server costs nothing."""
_SETTINGS: Final = used_for("start", "responses")
_LISTENING: Final = ("host", "port", "allow_remote", "keep")
_NARROW: Final = 200


def add_options(option: Callable[..., Any]) -> None:
    option("--port", type=int, default=PORT, metavar="PORT", help="the port; 0 takes a free one (default: %(default)s)")
    option("--port-file", type=Path, metavar="FILE", help="write the port there when the fake is ready")
    option("--host", default="127.0.0.1", metavar="ADDRESS", help="a loopback address (default: %(default)s)")
    option("--allow-remote", action="store_true", help="allow any --host; control requests then need a token")
    option("--open", action="store_true", help="open the page in a browser")
    option("--quiet", action="store_true", help="print no line for each request")
    option("--keep", type=int, default=KEEP, metavar="N", help="how many requests to keep (default: %(default)s)")
    text = "make webhook deliveries when they are due, or when a control request says so (default: %(default)s)"
    option("--webhooks", choices=("auto", "manual"), default="manual", help=text)
    option("--speed", type=float, metavar="FACTOR", help="let the clock run that many times as fast")
    option("--state", type=Path, metavar="FILE", help="JSON: a state from an export, or records to add")
    option("--save", action="store_true", help="keep the state in the --state FILE, each minute and at the end")
    option("--log", type=Path, metavar="FILE", help="write each request into a HAR file, as it comes")
    for name in _SETTINGS:
        text = f"{SETTINGS[name]['help']}{'; can be repeated' if SETTINGS[name]['merge'] else ''}"
        option(f"--{name.replace('_', '-')}", action="append", metavar="VALUE", help=text)


def run(options: argparse.Namespace) -> int:
    """Serve a fake until Ctrl-C or SIGTERM."""
    from .server import AurousServer, control_of

    state, port_file = options.state, options.port_file
    if options.save and state is None:
        raise AurousError(f"--save keeps the state in the file of --state: add --state FILE.\n{_PAGE}")
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        ended = _hear(stack)
        if port_file is not None:  # who waits for it must not read the port of an earlier start
            _remove(port_file)
        aurous, loaded = _made(options)
        listening = {name: getattr(options, name) for name in _LISTENING}
        token = os.environ.get("AUROUS_CONTROL_TOKEN") or None
        server = AurousServer(aurous, control_token=token, **listening)
        stack.callback(server.stop)  # also if it has not started
        control = control_of(server)
        control.tape.loaded = loaded
        # Whatever is entered later ends earlier: the deliveries, the server, and then what keeps what has happened.
        if options.save:
            save(aurous, state)  # what cannot be kept is refused at the start
            _repeat(stack, _MINUTE, lambda: save(aurous, state), patience=None)
        if options.log is not None:
            _write(options.log, json.dumps(har([])))
            follow(stack, control, partial(log, options.log, writer=HarWriter()))
        stack.enter_context(server)
        if options.webhooks == "auto":
            _repeat(stack, _MOMENT, lambda: deliver(control))
        if port_file is not None:
            _write(port_file, str(server.port))
            stack.callback(_remove, port_file, str(server.port))
        # In one write, also without a buffer: who has read the first line may close the pipe.
        print(f"{welcome(server, control.curl)}\n", end="", flush=True)  # noqa: T201 - a command prints
        if not options.quiet:
            follow(stack, control, partial(print_lines, aurous))
        if options.open:
            webbrowser.open(f"{server.url}{CONTROL}/")
        while not ended:  # in short pauses: on Windows, Ctrl-C does not interrupt one, but follows it
            time.sleep(_MOMENT)
    return 0


def _made(options: argparse.Namespace) -> tuple[Aurous, list[Action]]:
    """Return the fake of the options, and what has made the state that it begins with."""
    given: dict[str, list[str]] = {name: found for name in _SETTINGS if (found := getattr(options, name)) is not None}
    settings: Any = {name: "\n".join(found) if SETTINGS[name]["merge"] else found[-1] for name, found in given.items()}
    # Other machines may know the key that the documentation shows.
    key = fake_key(randbits(64)) if options.allow_remote else None
    aurous = Aurous(pitfalls="off", strict="off", api_key=key, **settings)
    file: Path | None = options.state
    loaded = load(aurous, file) if file is not None and not (options.save and not file.exists()) else []
    if options.speed is not None:
        aurous.clock.speed = options.speed
    session_of(aurous).start_here()
    return aurous, loaded


def _hear(stack: ExitStack) -> list[int]:
    """Return a list that Ctrl-C, Ctrl-Break and SIGTERM fill, until the stack ends: a second one does not interrupt."""
    heard: list[int] = []
    if threading.current_thread() is threading.main_thread():
        for one in _ENDING:
            if signal.getsignal(one) is not signal.SIG_IGN:  # as a shell keeps Ctrl-C from what runs in the background
                stack.callback(signal.signal, one, signal.signal(one, lambda number, _: heard.append(number)))
    return heard


def _repeat(stack: ExitStack, seconds: float, work: Callable[[], object], patience: float | None = 0.3) -> None:
    """Do something in a thread, again and again, and once more at the end of the stack, which waits *patience* for it.

    Whoever stops a container waits ten seconds for its end, and a receiver of webhooks may never respond.
    """
    ended = threading.Event()

    def loop() -> None:
        over = False
        while not over:
            over = ended.wait(seconds)
            try:
                work()
            except (AurousError, OSError) as error:  # such as a disk that is full
                _say(str(error))

    thread = threading.Thread(target=loop, name="aurous-serve", daemon=True)
    thread.start()
    stack.callback(thread.join, patience)
    stack.callback(ended.set)


def _say(problem: str) -> None:
    with suppress(OSError):  # perhaps nobody reads it
        print(redacted(f"pytest-aurous: {problem}"), file=sys.stderr, flush=True)  # noqa: T201 - a command prints


def deliver(control: Control) -> None:
    if control.fake.has_due_delivery():
        control.do("webhooks.flush", {})


# The state


def load(aurous: Aurous, file: Path) -> list[Action]:
    """Go to the state in a file, an export or records to add, and return what was done.

    Raises:
        AurousError: If it is something else; one line says what.
    """
    try:
        actions = [perform(aurous, *deed) for deed in _deeds(file)]
    except AurousError as error:
        more = "" if "\n" in str(error) else f" {_STATE}"
        raise AurousError(f"--state {file}: {error}{more}") from None
    for fault in aurous.faults:
        say_place(fault, file.name)
    return actions


def _deeds(file: Path) -> list[tuple[str, Any]]:
    """Return the operations that make the state in a file: an import, or what adds each of the records."""
    try:
        content: Any = read_json(read_file(file, _MOST_STATE))
    except (OSError, LimitError) as error:
        raise AurousError(f"{getattr(error, 'strerror', error)}.") from None
    except (RecursionError, ValueError) as error:
        raise AurousError(f"not valid JSON ({error}).") from None
    if is_object(content) and "kind" in content:
        return [("import_", {"exported": content})]
    if not is_object(content) or not all(map(is_array, content.values())):
        raise AurousError("the JSON is not an object with lists.")
    for collection, records in content.items():
        if f"{collection}.add" not in operations():
            raise AurousError(f"{collection!r} is not a collection{nearest(collection, collections())}")
        for record in records:
            if not is_object(record):
                raise AurousError(f"{record!r} is not a record.")
    return [(f"{collection}.add", record) for collection, records in content.items() for record in records]


def save(aurous: Aurous, file: Path) -> None:
    """Write the state into a file, with the keys and secrets in it: for its owner alone."""
    _write(file, json.dumps(aurous.export()), 0o600)


def _write(file: Path, text: str, mode: int | None = None) -> None:
    """Write a file, so that a crash leaves the old one, and nobody reads a part."""
    try:
        write_whole(_regular(file), text, mode)
    except OSError as error:
        raise AurousError(f"{file} cannot be written: {error.strerror}. Choose another file.\n{_PAGE}") from None


def _regular(file: Path) -> Path:
    """Return the file that a link leads to; nothing replaces a device, a pipe, or a link that leads to itself."""
    found = Path(os.path.realpath(file))
    if found.is_symlink() or (found.exists() and not found.is_file()):
        raise AurousError(f"{file} is not a regular file. Choose another file.\n{_PAGE}")
    return found


def _remove(file: Path, text: str | None = None) -> None:
    """Remove a file, or leave it if it has another *text*: a server that was started since has written it."""
    real = _regular(file)
    try:
        if real.exists() and (text is None or real.read_text(encoding="utf-8") == text):
            real.unlink()
    except OSError as error:
        raise AurousError(f"{file} cannot be removed: {error.strerror}. Choose another file.\n{_PAGE}") from None


# What is printed and logged


def print_nowhere() -> None:
    """Let the standard output go nowhere, also what Python flushes when it exits."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def welcome(server: AurousServer, curl: str) -> str:
    """Return the text at the start; *curl* is the command of a shell with what each control request needs."""
    chosen = os.environ.get("AUROUS_CONTROL_TOKEN")  # it stays out of logs
    values = "\n".join(f"  export {name}={value}" for name, value in server.env.items() if value != chosen)
    return (
        f"The Aurous Labs API, offline, at {server.url}\n{values}\n"
        f"Look at it, and act on it, in a browser:\n"
        f"  {server.url}{CONTROL}/\n"
        f"Control it, from any language:\n"
        f"  {curl} {server.url}{CONTROL}/            # lists the control requests\n"
        f"  {curl} {server.url}{CONTROL}/state\n"
        f"  {curl} -X POST {server.url}{CONTROL}/reset\n"
        f"Ctrl-C ends it."
    )


def follow(stack: ExitStack, control: Control, work: Callable[[list[Taped]], object]) -> None:
    """Do something with the steps of a tape soon after they have come, until the stack ends."""
    steps: SimpleQueue[Taped] = SimpleQueue()
    control.tape.on_step.append(steps.put)
    _repeat(stack, _MOMENT, lambda: work([steps.get() for _ in range(steps.qsize())]))


def print_lines(aurous: Aurous, steps: Iterable[Taped]) -> None:
    near = session_of(aurous).handle.near
    try:
        for step in steps:
            closest = "" if step.call is None else near(step.call)
            if text := line_of(step, closest):
                print(text, flush=True)  # noqa: T201 - a command prints
    except OSError as error:  # such as the end of the reader of a pipe
        print_nowhere()
        _say(f"no more lines are printed ({error.strerror}), and the fake goes on.")


def line_of(step: Taped, near: str = "") -> str:
    """Return the line of a step: its time, what it was, what it changed, and what is *near* if nothing matches."""
    call = step.call
    if call is None:
        if step.action is None:
            return ""
        return redacted(f"{iso(step.began)[11:19]}  {shortened(step.action.line(), _NARROW)}")
    query = f"?{call.query}" if call.query else ""
    path = shortened(redacted(f"{call.path}{query}", secret_of([call])), 60)
    told = "no response" if call.status is None else str(call.status)
    why = [call.error_code or "", (call.fault and f"({call.fault})") or "", "; ".join(step.notes), near]
    head = f"{iso(call.at)[11:19]}  {call.method:<6} {path}  {call.operation or 'unmatched'}  "
    return f"{head}{told}  {shortened(' '.join(filter(None, why)), _NARROW)}".rstrip()


def log(file: Path, steps: Iterable[Taped], writer: HarWriter) -> None:
    """Add the requests among some steps to a HAR file, which is complete after each time.

    Raises:
        AurousError: If the disk is full: the file has only the requests before.
    """
    empty = json.dumps(har([]))
    tail = empty[empty.index("]") :]
    entries = writer.entries([step.call for step in steps if step.call is not None])
    with file.open("r+b", buffering=0) as stream:
        for number, entry in enumerate(entries):
            size = stream.seek(0, os.SEEK_END)
            between = "," if size > len(empty) else ""
            text = f"{between}\n{json.dumps(entry)}{tail}".encode()
            try:
                # First as spaces, which may follow JSON: if the disk is full, the file still ends where it did.
                _write_all(stream, b" " * (len(text) - len(tail)))
            except OSError as error:
                stream.truncate(size)
                lost = f"{len(entries) - number} of the last requests are not in it"
                raise AurousError(f"{file} cannot be written: {error.strerror}; {lost}.\n{_PAGE}") from None
            stream.seek(size - len(tail))
            _write_all(stream, text)


def _write_all(stream: FileIO, text: bytes) -> None:
    while text:  # the last room of a disk takes a part
        text = text[stream.write(text) :]
