"""Pages of a job's screen: levels as they settle, where realisations ran, rows of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from pycwtd_console.progress import span
from pycwtd_console.tui.drawing.axes import number
from pycwtd_console.tui.drawing.levels import by_period, by_realisations
from pycwtd_console.tui.drawing.where import shares, sign, strip
from pycwtd_console.tui.widgets.chart import ChartView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from pycwtd.api.job_types import ChunkView, LevelsView
    from pycwtd.api.types import JobView
    from pycwtd_console.tui.telling import Rows

#: Points of the errors' history; every other one is left out when there are more.
_HISTORY = 256


class RowsPage(VerticalScroll, can_focus=True):
    """Names and what is to be said of them; scrolls."""

    DEFAULT_CSS = "RowsPage { height: 1fr; padding: 0 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = Static()

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._text

    def show(self, *groups: Rows) -> None:
        """Show groups of rows, a blank line between them."""
        wide = max((len(name) for rows in groups for name, _ in rows), default=0) + 2
        parts: list[Content] = []
        for rows in groups:
            parts += [Content("")] if parts and rows else []
            for name, text in rows:
                head = Content.styled(f"{name:<{wide}}", "$text-muted")
                parts.append(head + Content(text))
        self._text.update(Content("\n").join(parts))


class LevelsPage(Vertical):
    """Levels by period with their errors, and the largest error by realisations."""

    DEFAULT_CSS = """
    LevelsPage { height: 1fr; }
    LevelsPage > Static { height: 1; padding: 0 1; color: $text-muted; }
    LevelsPage > #by-period { height: 3fr; }
    LevelsPage > #by-realisations { height: 2fr; min-height: 5; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.levels: LevelsView | None = None
        #: Realisations, and the largest standard error of a level at that time.
        self.history: list[tuple[int, float]] = []
        self._levels_told, self._errors_told = Static(markup=False), Static(markup=False)
        self._by_period = ChartView(id="by-period")
        self._by_realisations = ChartView(id="by-realisations")

    def compose(self) -> ComposeResult:
        """Two charts, and what each shows."""
        yield self._levels_told
        yield self._by_period
        yield self._errors_told
        yield self._by_realisations

    def say(self, sentence: str) -> None:
        """Say why there is nothing, while there is nothing."""
        if self.levels is None:
            self._by_period.say(f" {sentence}")

    def show(self, found: LevelsView, job: JobView) -> None:
        """Show the levels as they are now."""
        self.levels = found
        worst = max((e for e in found.errors if e is not None), default=0.0)
        if worst and (not self.history or found.realisations > self.history[-1][0]):
            self.history.append((found.realisations, worst))
        if len(self.history) > _HISTORY:
            self.history = [*self.history[:-1:2], self.history[-1]]
        share, done = f"{100 * found.level:g} %", f"{found.realisations:,} realisations"
        self._levels_told.update(f"{share} levels by period after {done}; bars: one standard error")
        precision: float | None = job.parameters.get("precision")
        text = f"largest standard error {number(worst, 3)}, by realisations"
        if precision:
            text += f"; dashed: wanted {number(precision)}"
        if found.realisations < job.realisations:
            text += f"; expected at {job.realisations:,}"
            text += f" {number(worst * (found.realisations / job.realisations) ** 0.5, 3)}"
        self._errors_told.update(text)
        periods, levels, errors = found.periods, found.levels, found.errors
        self._by_period.show(
            lambda width, height: by_period(periods, levels, errors, width, height)
        )
        history, total = list(self.history), job.realisations
        self._by_realisations.show(
            lambda width, height: by_realisations(history, total, precision, width, height)
        )


class ChunksPage(Vertical):
    """Which part of the realisations ran where."""

    DEFAULT_CSS = """
    ChunksPage { height: 1fr; padding: 0 1; }
    ChunksPage > Static { height: auto; }
    """
    #: Colours of the backends, in the order in which they began.
    TONES: ClassVar[tuple[str, ...]] = (
        "$text-primary",
        "$text-warning",
        "$text-accent",
        "$text-success",
        "$text-secondary",
        "$text-error",
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._chunks: Sequence[ChunkView] = ()
        self._total = 0
        self._strip, self._shares = Static(), Static()

    def compose(self) -> ComposeResult:
        """A strip and a table."""
        yield self._strip
        yield self._shares

    def say(self, sentence: str) -> None:
        """A sentence in place of them."""
        if not self._chunks:
            self._shares.update(sentence)

    def show(self, chunks: Sequence[ChunkView], total: int) -> None:
        """Show the chunks of a job of so many realisations."""
        self._chunks, self._total = chunks, total
        self._draw()

    def on_resize(self) -> None:
        """The strip is as wide as the page."""
        self._draw()

    def _draw(self) -> None:
        found = shares(self._chunks)
        if not found:
            return
        names = [share.backend for share in found]
        tones = {name: self.TONES[k % len(self.TONES)] for k, name in enumerate(names)}
        cells = strip(self._chunks, self._total, max(self.size.width - 2, 1))
        drawn = Content("").join(
            Content.styled(sign(name, names), tones[name] if name else "$text-disabled")
            for name in cells
        )
        ends = Content(f"realisations 1 … {self._total:,}")
        self._strip.update(Content("\n").join([ends, drawn, Content("")]))
        width = max(map(len, names))
        head = f"  {'backend':<{width}}  {'chunks':>7}  {'realisations':>14}  {'computed':>12}"
        lines = [Content.styled(f"{head}  {'rate':>12}", "bold $text-muted")]
        for share in found:
            rate = f"{share.realisations / share.seconds:,.0f}/s" if share.seconds > 0 else "–"
            lines.append(
                Content.styled(f"{sign(share.backend, names)} ", tones[share.backend])
                + Content(
                    f"{share.backend:<{width}}  {share.chunks:>7,}  {share.realisations:>14,}"
                    f"  {span(share.seconds):>12}  {rate:>12}"
                )
            )
        self._shares.update(Content("\n").join(lines))
