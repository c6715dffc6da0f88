"""The part of the window that exports recipes and does them to many pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox

from studio.api.errors import UserError
from studio.host.batch.batch import Order
from studio.host.batch.report import write_report
from studio.host.batch.runs import BatchRun, BatchState
from studio.host.recipes import write_recipe
from studio.host.recipes.export import Exported, export_history
from studio.qt.actions import Command
from studio.qt.area import Area, Desk
from studio.qt.batch.dialog import BatchDialog
from studio.qt.batch.words import missing_text
from studio.qt.i18n import N_, tr

_REFRESH_MS = 150


class BatchArea(Area):
    """Brings *Export recipe* and *Batch*."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command("export-recipe", N_("Expor&t recipe…"), "File", "export", (),
                N_("Save what was done to this picture, to do it to others"),
                frozenset({"document", "batch.history"}), section=1),
        Command("batch", N_("Batc&h…"), "File", "jobs", ("Ctrl+Alt+B",),
                N_("Do to many pictures what a recipe says"), section=2),
    )  # fmt: skip

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.bench = desk.workspace.services.batches
        self.dialog: BatchDialog | None = None
        self.question: QMessageBox | None = None
        self._told: set[BatchRun] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._refresh)
        session = desk.workspace.session
        session.changed.connect(self._follow)
        session.replaced.connect(self._follow)
        self._had = False

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the commands do."""
        return {"export-recipe": self.export, "batch": self.show_dialog}

    def facts(self) -> dict[str, bool]:
        """Whether anything was done to the picture."""
        document = self.desk.workspace.session.document
        return {"batch.history": document is not None and document.history.can_undo}

    def close(self) -> None:
        """Stop the batches; what they have done is kept."""
        self._timer.stop()
        if self.dialog is not None:
            self.dialog.close_form()
        self.bench.close()

    def _follow(self) -> None:
        has = self.facts()["batch.history"]
        if has != self._had:  # a stroke changes the picture many times a second
            self._had = has
            self.facts_changed.emit()

    # Recipes

    def export(self) -> None:
        """Save the history as a recipe, after saying what cannot be part of it."""
        document = self.desk.workspace.session.document
        if document is None:
            return
        name = Path(self.desk.workspace.session.name).stem
        exported = export_history(document.history, name)
        missing = missing_text(exported)
        if exported.recipe is None:
            self.desk.workspace.messages.show_message(
                "info", tr("Nothing that was done here can be part of a recipe."), missing
            )
        elif missing:
            self._ask_about(exported, missing)
        else:
            self._ask_file(exported)

    def _ask_about(self, exported: Exported, missing: str) -> None:
        question = self._ask(tr("Export recipe"), tr("The recipe is not all that was done."))
        question.setInformativeText(missing)
        yes = question.addButton(tr("Export the rest"), QMessageBox.ButtonRole.AcceptRole)
        question.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        yes.clicked.connect(lambda: self._ask_file(exported))
        question.open()

    def _ask_file(self, exported: Exported) -> None:
        if exported.recipe is None:
            return
        folder = self.desk.workspace.services.settings.last_folder
        start = str(Path(folder) / f"{exported.recipe.name}.toml")
        name, _ = QFileDialog.getSaveFileName(
            self.desk.window, tr("Export recipe"), start, tr("Recipes") + " (*.toml)"
        )
        if name:
            path = Path(name)
            path = path if path.suffix else path.with_suffix(".toml")
            self.save(exported, path)

    def save(self, exported: Exported, path: Path) -> None:
        """Write a recipe under the name of its file."""
        recipe = exported.recipe
        if recipe is None:
            return
        named = recipe.model_copy(update={"name": path.stem[:200] or recipe.name})

        def done(_: None) -> None:
            self.desk.workspace.messages.show_message(
                "success",
                tr("The recipe {name} was exported.", name=path.name),
                action=(tr("Batch…"), lambda: self.show_dialog(path)),
            )

        background, messages = self.desk.workspace.background, self.desk.workspace.messages
        background.run(lambda: write_recipe(path, named), done, messages.show_error, self)

    # Batches

    def show_dialog(self, recipe: Path | None = None) -> None:
        """Show the dialog, with a recipe filled in."""
        if self.dialog is None:
            self.dialog = dialog = BatchDialog(self.desk.window, self.desk.workspace, self.bench)
            dialog.start.connect(self.start)
            dialog.pause.connect(self.bench.pause)
            dialog.resume.connect(self.bench.resume)
            dialog.cancel.connect(self.bench.cancel)
            dialog.remove.connect(self._remove)
            dialog.open_folder.connect(_show_folder)
            dialog.report.connect(self._ask_report)
        if isinstance(recipe, Path):
            self.dialog.use_recipe(recipe)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def start(self, order: Order) -> BatchRun:
        """Queue a batch."""
        run = self.bench.submit(order)
        self._timer.start()
        self._refresh()
        return run

    def _refresh(self) -> None:
        runs = self.bench.runs
        if self.dialog is not None:
            self.dialog.show_runs(runs)
        for run in runs:
            if run.state.finished and run not in self._told:
                self._told.add(run)
                self._tell(run)
        if not self.bench.busy:
            self._timer.stop()

    def _tell(self, run: BatchRun) -> None:
        """Say that a batch has ended, where nobody sees the dialog."""
        hidden = self.dialog is None or not self.dialog.isVisible()
        if not hidden or run.state is BatchState.CANCELLED:
            return
        name, messages = run.order.recipe.name, self.desk.workspace.messages
        show = (tr("Show"), self.show_dialog)
        if run.state is BatchState.FAILED or run.failed:
            text = tr("The batch {name} had problems.", name=name)
            messages.show_message("warning", text, action=show)
        else:
            text = tr("The batch {name} is done.", name=name)
            messages.show_message("success", text, action=show)

    def _remove(self, run: BatchRun) -> None:
        self.bench.remove(run)
        self._refresh()

    def _ask_report(self, run: BatchRun) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self.dialog,
            tr("Save a report"),
            str(run.order.folder / "report.csv"),
            "CSV (*.csv);;JSON (*.json)",
        )
        if name:
            self.save_report(run, Path(name))

    def save_report(self, run: BatchRun, path: Path) -> None:
        """Write what became of each picture."""
        if run.summary is None:
            return
        path = path if path.suffix else path.with_suffix(".csv")
        try:
            write_report(path, run.order.recipe, run.order.folder, run.summary)
        except UserError as error:
            self.desk.workspace.messages.show_error(error)

    # Closing the window

    def may_close(self, again: Callable[[], None]) -> bool:
        """Whether no batch runs; otherwise the user is asked."""
        if not self.bench.busy:
            return True
        question = self._ask(
            tr("A batch is running"), tr("Closing the window stops it; what is done is kept.")
        )
        question.setInformativeText(
            tr("Start it again with “Skip what was done before” to do the rest.")
        )
        yes = question.addButton(tr("Stop and close"), QMessageBox.ButtonRole.AcceptRole)
        question.addButton(tr("Keep open"), QMessageBox.ButtonRole.RejectRole)
        yes.clicked.connect(partial(self._stop_and_leave, again))
        question.open()
        return False

    def _stop_and_leave(self, again: Callable[[], None]) -> None:
        for run in self.bench.runs:
            self.bench.cancel(run)
        if self.bench.busy:
            QTimer.singleShot(50, self, partial(self._stop_and_leave, again))
        else:
            again()

    def _ask(self, title: str, text: str) -> QMessageBox:
        self.question = question = QMessageBox(self.desk.window)
        question.setWindowTitle(title)
        question.setText(text)
        question.setIcon(QMessageBox.Icon.Question)
        return question


def _show_folder(run: BatchRun) -> None:
    folder = Path(str(run.order.folder)).absolute()  # the form names no addresses
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
