"""The histogram panel: how bright the picture, the active layer or the selection is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from studio.qt.background import Background, Task
from studio.qt.canvas import CanvasView
from studio.qt.i18n import N_, tr
from studio.qt.panels.counts import Counter, Counts, Source
from studio.qt.panels.histogram_plot import ALL, HistogramPlot
from studio.qt.panels.latest import Latest
from studio.qt.session import Session
from studio.qt.theme import Theme
from studio.qt.widgets import label

DELAY_MS = 250
LUMINOSITY = 3
CHANNELS = (
    (ALL, N_("Colors")),
    (LUMINOSITY, N_("Luminosity")),
    (0, N_("Red")),
    (1, N_("Green")),
    (2, N_("Blue")),
)
SOURCES: tuple[tuple[Source, str], ...] = (
    ("visible", N_("Picture")),
    ("layer", N_("Active layer")),
    ("selection", N_("Selection")),
)


class HistogramPanel(QWidget):
    """Counts on a thread, after changes have paused for a moment, and only while it is seen."""

    def __init__(
        self, session: Session, canvas: CanvasView, theme: Theme, background: Background
    ) -> None:
        super().__init__()
        self._session = session
        self._counter = Counter()
        self._latest = Latest(background, DELAY_MS, self)
        self._outdated = True
        self.counts: Counts | None = None
        self.plot = HistogramPlot(theme)
        self.source = QComboBox()
        self.source.setAccessibleName(tr("What the histogram counts"))
        for name, text in SOURCES:
            self.source.addItem(tr(text), name)
        self.channel = QComboBox()
        self.channel.setAccessibleName(tr("Channel of the histogram"))
        for number, text in CHANNELS:
            self.channel.addItem(tr(text), number)
        self.scale = QToolButton()
        self.scale.setText(tr("Log"))
        self.scale.setCheckable(True)
        self.scale.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.scale.setToolTip(tr("Logarithmic scale: shows levels that few pixels have"))
        self.scale.setAccessibleName(tr("Logarithmic scale"))
        self.figures: dict[str, QLabel] = {}
        self.note = label("", "muted")
        self._lay_out()
        self.source.currentIndexChanged.connect(lambda _: self._changed())
        self.channel.currentIndexChanged.connect(lambda _: self._show_look())
        self.scale.toggled.connect(lambda _: self._show_look())
        self.plot.level_changed.connect(lambda _: self._show_note())
        canvas.cursor_moved.connect(self._show_pixel)
        session.changed.connect(self._changed)
        session.replaced.connect(self._replaced)
        self._show_figures()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.source, 1)
        row.addWidget(self.channel, 1)
        row.addWidget(self.scale)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        captions = (
            ("mean", tr("Mean")),
            ("deviation", tr("Std dev")),
            ("median", tr("Median")),
            ("pixels", tr("Pixels")),
        )
        for place, (name, caption) in enumerate(captions):
            figure = label("")
            figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            figure.setAccessibleName(caption)
            left = 3 * (place % 2)
            grid.addWidget(label(caption, "muted"), place // 2, left)
            grid.addWidget(figure, place // 2, left + 1)
            self.figures[name] = figure
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(2, 12)
        grid.setColumnStretch(4, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addLayout(grid)
        column.addWidget(self.note)

    @property
    def busy(self) -> bool:
        """Whether a count is awaited."""
        return self._latest.busy

    # Counting

    def _replaced(self) -> None:
        self._latest.cancel()
        # A count under way keeps its own counter until it notices that nobody waits for it.
        self._counter = Counter()
        self._changed()

    def _changed(self) -> None:
        document = self._session.document
        if document is None:
            self._latest.cancel()
            self._show_counts(None)
            return
        self._outdated = True
        if self.isVisible():
            self._request()

    def _request(self) -> None:
        document = self._session.document
        if document is None or not self._outdated:
            return
        self._outdated = False
        counter, picture = self._counter, document.picture
        source: Source = self.source.currentData()

        def work(task: Task) -> Counts | None:
            return counter.count(picture, source, task.cancelled)

        self._latest.request(work, self._show_counts)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._request()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._latest.busy:
            self._latest.cancel()
            self._outdated = True

    # Showing

    def _show_counts(self, counts: Counts | None) -> None:
        self.counts = counts
        self.plot.show_counts(counts)
        self._show_figures()

    def _show_look(self) -> None:
        self.plot.set_look(self.channel.currentData(), logarithmic=self.scale.isChecked())
        self._show_figures()

    @property
    def _measured(self) -> int:
        """The channel that figures are told of: the luminosity, unless one was chosen."""
        channel: int = self.channel.currentData()
        return LUMINOSITY if channel == ALL else channel

    def _show_figures(self) -> None:
        found = self.counts.statistics(self._measured) if self.counts is not None else None
        if found is None:
            for figure in self.figures.values():
                figure.setText("–")
        else:
            self.figures["mean"].setText(f"{found.mean:.1f}")
            self.figures["deviation"].setText(f"{found.deviation:.1f}")
            self.figures["median"].setText(f"{found.median:g}")
            self.figures["pixels"].setText(f"{found.pixels:,}")
        self._show_note()

    def _show_note(self) -> None:
        """Tell of the level under the pointer, otherwise of clipping."""
        counts, level = self.counts, self.plot.level
        if counts is None or not counts.pixels:
            text = tr("No pixels") if self._session.document is not None else ""
        elif level is not None:
            count = int(counts.bins[self._measured, level])
            share = counts.below(self._measured, level)
            text = tr(
                "Level {level}: {count} pixels, {share} up to here",
                level=level,
                count=f"{count:,}",
                share=f"{share:.1%}",
            )
        else:
            black, white = counts.clipped()
            text = tr(
                "Clipped: {black} dark, {white} bright", black=f"{black:.2%}", white=f"{white:.2%}"
            )
        self.note.setText(text)
        self.plot.setAccessibleDescription(text)

    def _show_pixel(self, told: object) -> None:
        document = self._session.document
        if not isinstance(told, tuple) or document is None:
            self.plot.show_marks(())
            return
        deep = document.picture.dtype.itemsize == 2
        value = told[2]
        self.plot.show_marks(tuple(round(v / 257) if deep else v for v in value[:3]))
