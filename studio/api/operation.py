"""Declaring an operation: the one record from which everything the user meets is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.api.margins import Margins
from studio.api.parameters import Parameters

Input = Literal["layer", "visible", "none"]
Output = Literal["region", "canvas", "margins", "layers", "document"]
Selection = Literal["ignored", "optional", "required"]
Hints = Literal["none", "colors"]
Provenance = Literal["none", "enhanced", "composite", "generated"]
OutputSize = Callable[[Any, int, int], tuple[int, int]]
MarginsOf = Callable[[Any, int, int], Margins]
MarginValues = Callable[[Margins], Mapping[str, Any]]


@dataclass(frozen=True)
class Preset:
    """Named values of some parameters; the others keep their defaults."""

    title: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class FollowUp:
    """What people often do next with a result, offered as one button beside it.

    Attributes:
        operation: id of the operation, of any plugin; nothing is offered if there is none. Its input
            is a layer, and its output a region or a canvas.
        title: what the button says ("Enlarge").
        values: of its parameters; the others keep their defaults.
    """

    operation: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """A function from (pixels, mask, parameters) to pixels, and what the host must know of it.

    The function has the signature ``(pixels, mask, parameters, context)``, or
    ``(parameters, context)`` if ``input`` is ``"none"``, and is imported at its first run:

    * ``pixels``: float32 tensor, 1 x 3 x H x W, RGB in [0, 1], on ``context.device``;
    * ``mask``: float32 tensor, 1 x 1 x H x W in [0, 1], or None when nothing is selected;
    * ``parameters``: an instance of ``parameters``;
    * ``context``: a `studio.api.Context`.

    It returns a tensor like ``pixels``, a `studio.api.Pixels`, or a list of either (variations).

    Attributes:
        id: ``plugin.verb``, lower case with dashes; stable, as recipes and scripts name it.
        title: what menus and the tool panel say.
        menu: category in the tool panel and the menu ("Enhance").
        help: one line saying what it does.
        parameters: its parameter model.
        function: ``"module:function"``; a leading dot is relative to the declaring package, and
            ``":function"`` is one in the declaring module itself.
        input: ``layer``: the active layer; ``visible``: what the canvas shows; ``none``: no picture.
        output: ``region``: pixels of the same size, written where the mask is above 0;
            ``canvas``: every pixel layer is run and the canvas takes the new size;
            ``margins``: the canvas grows around the picture, and what the new area shows is a new
            layer on top. ``pixels`` then are the larger canvas, black where it is new, and ``mask``
            is 1 there, falling to 0 over the overlap; layers, selection and guides move along;
            ``layers``: new layers; ``document``: a new document.
        selection: whether it uses a selection as its mask.
        hints: ``colors``: whether people may say at points of the picture what color is there; the
            function finds them in ``context.hints``. For what works on a layer or what is visible.
        brush: whether the window's *Remove* tool may run it: what is painted over is the mask, and it
            runs when the button is released. For a region that needs a selection.
        preview: whether running it on the visible region alone shows what the whole would look like.
        live: whether the canvas shows the result while its form is open, following every change of a
            value. For what takes well under a second on a screenful of pixels, and makes a region or
            layers of a picture; lengths in pixels are to be multiplied by ``context.scale``, as the
            preview may run on a reduced picture. Of what needs no picture, the result is shown beside
            the canvas, or in place of the welcome page.
        follows_drawing: for a live operation, whether its result is shown beside the canvas instead of
            over it and follows what is drawn, stroke by stroke, while its form is open.
        stoppable: whether it can be asked to end at any time and keep what it has: it looks at
            ``context.stopping`` between its steps and returns early.
        seeded: whether another seed gives another result that is as good: the form then has the seed,
            with a lock that keeps it and a die that rolls another one.
        follow_ups: what people often do next with the result.
        provenance: what a file is to say of a result, in the terms of the IPTC: ``generated``: a model
            made all of it; ``composite``: a model made up a part of it, or changed what it shows;
            ``enhanced``: a model improved it and left what it shows; ``none``: no model was at work.
        may_blacken: whether a black result can be right, as of an inverted white page; otherwise the
            host takes it for a network's failure.
        context_pixels: how many pixels around a region it must see for the region to come out right.
        output_size: for ``canvas`` and ``document``: (parameters, width, height) to the size of the
            result; lets the host refuse a result that cannot fit in memory before it starts.
        margins: for ``margins``: (parameters, width, height) to the `Margins` by which the canvas
            grows; raises UserError for values that contradict each other or add nothing.
        margin_values: for ``margins``: the parameter values with which those are the margins; lets
            people drag the border on the canvas instead of typing numbers.
        presets: named settings offered above the form.
        keywords: further words under which the search finds it.
    """

    id: str
    title: str
    menu: str
    help: str
    parameters: type[Parameters]
    function: str
    input: Input = "layer"
    output: Output = "region"
    selection: Selection = "optional"
    hints: Hints = "none"
    brush: bool = False
    preview: bool = True
    live: bool = False
    follows_drawing: bool = False
    stoppable: bool = False
    seeded: bool = False
    follow_ups: tuple[FollowUp, ...] = ()
    provenance: Provenance = "none"
    may_blacken: bool = False
    context_pixels: int = 32
    output_size: OutputSize | None = None
    margins: MarginsOf | None = None
    margin_values: MarginValues | None = None
    presets: tuple[Preset, ...] = ()
    keywords: tuple[str, ...] = field(default=())
