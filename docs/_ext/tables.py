"""Tables that are made of the tables in the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules import load_readings
from shared import DOCS, Generated

from pytest_aurous._resources.catalog import ENDPOINTS, LIFECYCLES
from pytest_aurous._resources.generations.images import PRESETS
from pytest_aurous._world.buckets import BUCKETS
from pytest_aurous._world.settings import READINGS, ROWS

if TYPE_CHECKING:
    from pytest_aurous._framework.endpoint import Endpoint

__all__ = ("DIRECTIVES",)


class Operations(Generated):
    """Every row of the catalog."""

    def _markdown(self) -> list[str]:
        lines = ["| operation, call and rules | answer and bucket |", "| --- | --- |"]
        for row in ENDPOINTS:
            host = " *on the upload host*" if row.host == "upload" else ""
            rules = " ".join(f"{{rule}}`{rule}`" for rule in row.rules)
            what = f"**{row.operation}**<br>`{row.method} {row.template}`{host}{rules and '<br>'}{rules}"
            lines.append(f"| {what} | {row.status}<br>{_bucket(row)} |")
        return lines


class BucketTable(Generated):
    """Every rate bucket."""

    def _markdown(self) -> list[str]:
        rows = [f"| `{name}` | {burst} | {refill} |" for name, (burst, refill) in BUCKETS.items()]
        return ["| bucket | capacity | tokens a minute |", "| --- | --- | --- |", *rows]


class Lifecycle(Generated):
    """What may follow each status in a script."""

    required_arguments = 1

    def _markdown(self) -> list[str]:
        lifecycle = LIFECYCLES[self.arguments[0]]
        lines = ["| after | may come |", "| --- | --- |"]
        for status, following in lifecycle.edges.items():
            lines.append(f"| `{status}` | {', '.join(f'`{name}`' for name in following) or 'nothing, it is final'} |")
        return lines


class Sizes(Generated):
    """Every `size` of an image."""

    def _markdown(self) -> list[str]:
        lines = ["| ratio | `2k_...` | `4k_...` |", "| --- | --- | --- |"]
        for ratio in dict.fromkeys(size.partition("_")[2] for size in PRESETS):
            small, large = (" x ".join(map(str, PRESETS[f"{tier}_{ratio}"])) for tier in ("2k", "4k"))
            lines.append(f"| `{ratio}` | {small} | {large} |")
        return lines


class SettingNames(Generated):
    """Every setting, in the four places where it can be given."""

    def _markdown(self) -> list[str]:
        lines = ["| name | ini option, command line | default |", "| --- | --- | --- |"]
        for name, row in ROWS.items():
            shown = row["shown"] if row["shown"] == "none" else f"`{row['shown']}`"
            flag = f"`--aurous-{name.replace('_', '-')}`"
            lines.append(f"| {{setting}}`{name}` | `aurous_{name}`<br>{flag} | {shown} |")
        return lines


class ReadingNames(Generated):
    """Every rule that can be read in another way."""

    def _markdown(self) -> list[str]:
        lines = ["| rule | default | other reading |", "| --- | --- | --- |"]
        lines += [f"| {{rule}}`{rule}` | `{first}` | `{other}` |" for rule, (first, other) in READINGS.items()]
        return lines


class Readings(Generated):
    """Both readings of each rule: how to choose it, what the pages say, and what the fake does."""

    def _markdown(self) -> list[str]:
        self.env.note_dependency(str(DOCS / "readings.toml"))
        lines = ["| to choose it | a page says | the fake does |", "| --- | --- | --- |"]
        for rule, readings in load_readings(DOCS).items():
            for number, (reading, row) in enumerate(readings.items()):
                head = f"{{rule}}`{rule}`, the default<br>" if number == 0 else ""
                lines.append(f"| {head}`{rule} = {reading}` | {row['says']} | {row['does']} |")
        return lines


def _bucket(row: Endpoint) -> str:
    if callable(row.bucket):  # one call chooses its bucket by what is sent
        return "`characters_synthesize` or `characters_post`"
    return f"`{row.bucket}`" if row.bucket else "no bucket"


DIRECTIVES: Final = {
    "operations": Operations,
    "buckets": BucketTable,
    "lifecycle": Lifecycle,
    "sizes": Sizes,
    "setting-names": SettingNames,
    "reading-names": ReadingNames,
    "readings": Readings,
}
