"""The form of an operation, made from the declaration of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from studio.api.errors import PluginError
from studio.api.galleries import pictures_from
from studio.api.parameters import Parameters, ParameterSpec, describe
from studio.qt.forms.channels import Channels
from studio.qt.forms.color_control import ColorControl
from studio.qt.forms.controls import (
    BooleanControl,
    ChoiceControl,
    Control,
    NumberControl,
    TextControl,
)
from studio.qt.forms.gallery_control import GalleryControl
from studio.qt.forms.model_control import ModelControl
from studio.qt.forms.option_control import OptionControl
from studio.qt.forms.path_model_control import PathModelControl
from studio.qt.forms.picture_control import PictureControl
from studio.qt.forms.tone_controls import CurveControl, LevelsControl, ToneControl
from studio.qt.forms.words import translated
from studio.qt.i18n import tr
from studio.qt.library import Library
from studio.qt.models import Models
from studio.qt.panels.counts import Counts
from studio.qt.sketches import Sketches
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, label


def make_control(
    spec: ParameterSpec,
    models: Models,
    theme: Theme,
    library: Library | None = None,
    sketches: Sketches | None = None,
) -> Control:
    """The control for a parameter.

    Raises:
        PluginError: for several pictures where there is no library to choose them from.
    """
    if spec.kind == "model":
        return PathModelControl(spec, models) if spec.paths else ModelControl(spec, models)
    if spec.kind == "option":
        return OptionControl(spec, models, theme, sketches)
    if library is not None and (spec.kind == "pictures" or spec.gallery):
        return GalleryControl(spec, library, theme)
    if spec.kind == "pictures":
        raise PluginError(f"{spec.title}: several pictures cannot be chosen here.")
    kinds: dict[str, type[Control]] = {
        "number": NumberControl,
        "integer": NumberControl,
        "boolean": BooleanControl,
        "choice": ChoiceControl,
        "text": TextControl,
        "picture": PictureControl,
        "color": ColorControl,
        "curve": CurveControl,
        "levels": LevelsControl,
    }
    return kinds[spec.kind](spec)


class Form(QWidget):
    """Controls for all parameters, the advanced ones folded away.

    Signals:
        changed: a value has changed.
    """

    changed = Signal()

    def __init__(
        self,
        parameters: type[Parameters],
        models: Models,
        theme: Theme,
        library: Library | None = None,
        sketches: Sketches | None = None,
    ) -> None:
        super().__init__()
        self._theme, self._library, self._sketches = theme, library, sketches
        self._fields: dict[str, QWidget] = {}
        self._parameters = parameters
        self.specs = tuple(map(translated, describe(parameters)))
        self.controls: dict[str, Control] = {}
        self._errors: dict[str, QLabel] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP * 2)
        self.advanced = QWidget()
        folded = QVBoxLayout(self.advanced)
        folded.setContentsMargins(0, 0, 0, 0)
        folded.setSpacing(GAP * 2)
        self._channels: list[Channels] = []
        for group in grouped(self.specs):
            if len(group) > 1:
                column.addWidget(self._group(group, models))
            else:
                (folded if group[0].advanced else column).addWidget(self._field(group[0], models))
        self.fold = self._make_fold(theme)
        column.addWidget(self.fold)
        column.addWidget(self.advanced)
        self.advanced.hide()
        self._whole = label("", "error", wrap=True)  # what no single parameter is to blame for
        self._errors[""] = self._whole
        column.addWidget(self._whole)
        self._follow_models(models)
        self.check()

    def _field(self, spec: ParameterSpec, models: Models) -> QWidget:
        """Label, control, explanation and room for an error."""
        control = make_control(spec, models, self._theme, self._library, self._sketches)
        self.controls[spec.name] = control
        field = self._fields[spec.name] = QWidget()
        column = QVBoxLayout(field)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        if spec.kind != "boolean":  # a check box is its own label
            title = label(spec.title, "heading")
            title.setBuddy(control.entry)
            title.setToolTip(spec.help)
            column.addWidget(title)
        column.addWidget(control)
        if spec.help:
            column.addWidget(label(spec.help, "muted", wrap=True))
        error = label("", "error", wrap=True)
        error.hide()
        self._errors[spec.name] = error
        column.addWidget(error)
        control.changed.connect(self._on_changed)
        return field

    def _group(self, specs: Sequence[ParameterSpec], models: Models) -> QWidget:
        """One place for the curves or levels of several channels, with room for their errors."""
        field = QWidget()
        column = QVBoxLayout(field)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        controls = [make_control(spec, models, self._theme) for spec in specs]
        tones = [control for control in controls if isinstance(control, ToneControl)]
        channels = Channels(tones)
        self._channels.append(channels)
        column.addWidget(channels)
        for spec, control in zip(specs, tones, strict=True):
            self.controls[spec.name] = control
            control.changed.connect(self._on_changed)
            error = self._errors[spec.name] = label("", "error", wrap=True)
            error.hide()
            column.addWidget(error)
        if specs[0].help:
            column.addWidget(label(specs[0].help, "muted", wrap=True))
        return field

    @property
    def wants_counts(self) -> bool:
        """Whether a control shows the layer's histogram."""
        return any(isinstance(control, ToneControl) for control in self.controls.values())

    def show_counts(self, counts: Counts | None) -> None:
        """Show the histogram of the layer in every control that has room for it."""
        for control in self.controls.values():
            if isinstance(control, ToneControl):
                control.show_counts(counts)

    def _follow_models(self, models: Models) -> None:
        """Options are those of the model that is chosen."""
        for control in self.controls.values():
            chooser = self.controls.get(control.spec.model)
            if isinstance(control, OptionControl) and chooser is not None:
                chooser.changed.connect(self._show_options)
                models.changed.connect(self._show_options)
        self._show_options()

    def _show_options(self) -> None:
        for control in self.controls.values():
            chooser = self.controls.get(control.spec.model)
            if isinstance(control, OptionControl) and isinstance(chooser, ModelControl):
                control.show_card(chooser.card())
        self._show_fields()

    def _show_fields(self) -> None:
        """Show what matters with these values, and hide the rest."""
        values = self.values()
        shown = {spec.name: spec.matters(values) for spec in self.specs}
        for name, field in self._fields.items():
            control = self.controls[name]
            offers = control.offers if isinstance(control, OptionControl) else True
            field.setVisible(shown[name] and offers)
        folded = [s.name for s in self.specs if s.advanced and s.name in self._fields]
        self.fold.setVisible(any(shown[name] for name in folded))

    def _make_fold(self, theme: Theme) -> QToolButton:
        fold = QToolButton()
        fold.setText(tr("Advanced"))
        fold.setCheckable(True)
        fold.setAccessibleName(tr("Show advanced settings"))
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        theme.bind(fold, "chevron-right", "muted", 16)

        def toggled(shown: bool) -> None:
            self.advanced.setVisible(shown)
            theme.bind(fold, "chevron-down" if shown else "chevron-right", "muted", 16)

        fold.toggled.connect(toggled)
        return fold

    def values(self) -> dict[str, Any]:
        """All values, as plain JSON."""
        return {name: control.value() for name, control in self.controls.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values; unknown names and values that do not fit are left out, others are kept."""
        for spec in self.specs:
            if spec.name in values and _fits(spec, values[spec.name]):
                with QSignalBlocker(self.controls[spec.name]):
                    self.controls[spec.name].set_value(values[spec.name])
        for channels in self._channels:
            channels.refresh()
        self._on_changed()

    def reset(self) -> None:
        """Go back to the defaults."""
        self.set_values({spec.name: spec.default for spec in self.specs})

    @property
    def valid(self) -> bool:
        """Whether the values fit together."""
        return not self.problems()

    def problems(self) -> dict[str, str]:
        """What is wrong, by the parameter's name; "" names the whole form."""
        try:
            self._parameters.model_validate(self.values())
        except ValidationError as error:
            return {
                str(item["loc"][0]) if item["loc"] else "": item["msg"].removeprefix(
                    "Value error, "
                )
                for item in error.errors()
            }
        return {}

    def check(self) -> None:
        """Show what is wrong beside the controls."""
        problems = self.problems()
        for name, error in self._errors.items():
            error.setText(problems.get(name, ""))
            error.setVisible(name in problems)
            if name in self.controls:
                self.controls[name].set_invalid(name in problems)

    def _on_changed(self) -> None:
        self._show_fields()
        self.check()
        self.changed.emit()


def plain(spec: ParameterSpec, value: Any) -> Any:
    """A default or a preset's value, as the parameter's control gives it."""
    if spec.kind == "pictures":
        return [list(each) for each in pictures_from(value)]
    return value


def grouped(specs: Sequence[ParameterSpec]) -> list[list[ParameterSpec]]:
    """Parameters in their order; curves, and levels, that follow each other are together."""
    groups: list[list[ParameterSpec]] = []
    for spec in specs:
        joined = spec.kind in ("curve", "levels")
        if groups and joined and groups[-1][0].kind == spec.kind:
            groups[-1].append(spec)
        else:
            groups.append([spec])
    return groups


def _fits(spec: ParameterSpec, value: Any) -> bool:
    """Whether a remembered value still has the kind of its parameter."""
    if value is None:
        return spec.optional
    kinds: dict[str, tuple[type, ...]] = {
        "number": (int, float),
        "integer": (int,),
        "boolean": (bool,),
        "curve": (list, tuple),
        "levels": (list, tuple),
        "pictures": (str, list, tuple),
    }
    allowed = kinds.get(spec.kind, (str,))
    return isinstance(value, allowed) and (spec.kind == "boolean" or not isinstance(value, bool))
