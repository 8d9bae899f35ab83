"""A form for the requests of one kind of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from pycwtd_console.tui.schema import FieldSpec, named_field
from pycwtd_console.tui.widgets.field import FieldRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual import events
    from textual.binding import BindingType
    from textual.suggester import Suggester
    from textual.widget import Widget

#: The wavelets' fields in the order in which people think of them; others come last.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Sampling and scales", ("dt", "dj", "s0", "J")),
    ("Wavelet", ("wavelet", "mother", "param", "gamma")),
    ("Preparation", ("normalize", "gaps")),
    (
        "Significance",
        (
            *("significance_test", "sig", "significance_level", "mc_count", "precision"),
            *("estimator", "edges", "seed"),
        ),
    ),
    ("Where", ("backend", "fallback")),
)
#: Of a wavelet kind without realisations these are of no use.
_SIMULATED = frozenset(
    {"mc_count", "precision", "estimator", "edges", "seed", "backend", "fallback"}
)


class Form(VerticalScroll):
    """Fields, and what stands in them; keeps it when it turns to another kind."""

    DEFAULT_CSS = """
    Form { height: 1fr; scrollbar-size-vertical: 1; }
    Form > .group { height: 1; color: $text-accent; text-style: bold; padding: 0 1; }
    """

    # A scrolling container would scroll: it follows the focus.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "Field above", id="form.up", show=False),
        Binding("down", "app.focus_next", "Field below", id="form.down", show=False),
    ]

    class Changed(Message):
        """A field is another."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Focused(Message):
        """Somebody is in a field."""

        def __init__(self, spec: FieldSpec) -> None:
            super().__init__()
            self.spec = spec

    def __init__(self, suggester: Suggester, *, id: str | None = None) -> None:
        super().__init__(id=id, can_focus=False)
        self._suggester = suggester
        self.specs: list[FieldSpec] = []
        #: What was typed, by field; of series, by their number among the series.
        self._texts: dict[str, str] = {}

    async def turn_to(
        self,
        specs: Sequence[FieldSpec],
        options: Mapping[str, Sequence[str]],
        preset: Mapping[str, str],
    ) -> None:
        """Show other fields; what is in those that both have stays.

        Args:
            specs: of the fields.
            options: words that a field takes, where the schema has none.
            preset: what stands in a field before anybody has typed.
        """
        self.specs = _ordered(specs)
        widgets: list[Widget] = []
        heading = ""
        for spec in self.specs:
            group = _group(spec)
            if group != heading:
                heading = group
                widgets.append(Static(group, classes="group", markup=False))
            text = self._texts.get(self._slot(spec), preset.get(spec.name, ""))
            suggester = self._suggester if spec.kind == "series" else None
            widgets.append(FieldRow(spec, text, suggester, options.get(spec.name, ())))
        async with self.batch():
            await self.remove_children()
            await self.mount_all(widgets)

    def _slot(self, spec: FieldSpec) -> str:
        """The first series of one kind is the first series of another."""
        return f"series {self.series.index(spec)}" if spec.kind == "series" else spec.name

    @property
    def series(self) -> list[FieldSpec]:
        """Fields that are series."""
        return [spec for spec in self.specs if spec.kind == "series"]

    def row(self, name: str) -> FieldRow:
        """The line of a field."""
        return next(row for row in self.query(FieldRow) if row.spec.name == name)

    @property
    def rows(self) -> list[FieldRow]:
        """The lines of all fields."""
        return list(self.query(FieldRow))

    def put_series(self, text: str) -> None:
        """Enter a series where there is none yet, else as the first one."""
        empty = [s for s in self.series if not self.row(s.name).text]
        for spec in (empty or self.series)[:1]:
            self.row(spec.name).text = text

    def on_field_row_changed(self, event: FieldRow.Changed) -> None:
        """Keep it."""
        event.stop()
        self._texts[self._slot(event.row.spec)] = event.row.text
        self.post_message(self.Changed(event.row.spec.name))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Tell in which field one is."""
        row = event.widget.parent
        if isinstance(row, FieldRow):
            self.post_message(self.Focused(row.spec))

    def request(self) -> dict[str, Any]:
        """All fields but the series, as far as they aren't left as they are by default."""
        found: dict[str, Any] = {}
        for row in self.rows:
            if row.spec.kind == "series" or not row.text.strip():
                continue
            value = row.spec.parse(row.text)
            if value != row.spec.default or row.spec.required:
                found[row.spec.name] = value
        return found

    def wrong(self) -> list[tuple[FieldRow, str]]:
        """Lines with something wrong in them, or with nothing where something has to be."""
        found = []
        for row in self.rows:
            if row.wrong:
                found.append((row, row.wrong))
            elif row.spec.required and not row.text.strip():
                found.append((row, "is needed"))
        return found

    def blame(self, detail: str) -> bool:
        """Put the daemon's sentence at the field that it names; whether it names one."""
        name = named_field(detail, [spec.name for spec in self.specs])
        if name is None:
            return False
        self.row(name).say(detail.removeprefix(f"{name}:").strip())
        return True

    def forgive(self) -> None:
        """Forget what the daemon has said."""
        for row in self.rows:
            row.say("")


def shown(specs: Sequence[FieldSpec], kind: str, simulates: bool, workload: str) -> list[FieldSpec]:
    """The fields that are of use for a kind.

    Args:
        specs: all that its route takes.
        kind: its name.
        simulates: whether it has Monte Carlo realisations.
        workload: that it belongs to. Fields of other ones than the wavelets' are all shown.
    """
    if workload != "wavelet":
        return list(specs)
    useless = set() if simulates else set(_SIMULATED)
    if kind == "significance":
        useless |= {"significance_test", "sig"}
    return [spec for spec in specs if spec.name not in useless]


def _ordered(specs: Sequence[FieldSpec]) -> list[FieldSpec]:
    place = {name: k for k, name in enumerate(n for _, names in GROUPS for n in names)}
    return sorted(
        specs,
        key=lambda s: -1 if s.kind == "series" else place.get(s.name, len(place)),
    )


def _group(spec: FieldSpec) -> str:
    if spec.kind == "series":
        return "Series"
    return next((title for title, names in GROUPS if spec.name in names), "Parameters")
