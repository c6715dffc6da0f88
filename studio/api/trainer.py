"""Declaring a trainer: how an operation's models are made from a user's own pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from studio.api.parameters import Parameters

FolderKind = Literal["pictures", "pairs"]


@dataclass(frozen=True)
class Folder:
    """A folder of pictures that a trainer learns from.

    Attributes:
        title: what the form calls it ("Photographs").
        help: one line saying what belongs in it.
        kind: ``pictures``: single pictures, searched recursively; ``pairs``: pictures and what they
            are to become, either side by side in one file each (the input on the left), or in two
            folders under the same file names, the input's folder given first.
        minimum: fewest pictures or pairs that training makes sense with.
        smallest: shortest side in pixels that a picture must have; smaller ones are left out.
    """

    title: str
    help: str = ""
    kind: FolderKind = "pictures"
    minimum: int = 20
    smallest: int = 32


@dataclass(frozen=True)
class Trainer:
    """A function from folders of pictures to a model, and what the host must know of it.

    The function has the signature ``(data, parameters, context)``, runs in a process of its own and
    is imported there:

    * ``data``: a tuple of paths, one for each of ``folders``, in their order; two for a folder of
      kind ``pairs`` that was given as two;
    * ``parameters``: an instance of ``parameters``;
    * ``context``: a `studio.nn.training.TrainingContext`: where to report and keep checkpoints.

    It returns a `studio.nn.training.Trained`. `studio.nn.loops.fit` does what all recipes share.

    Attributes:
        id: lower case with dashes, with or without one dot; stable, as scripts name it.
        title: what the window calls it ("Style from a painting").
        help: one line saying what comes out.
        parameters: its parameter model.
        function: ``"module:function"``, relative to the declaring package with a leading dot.
        folders: the folders of pictures that it needs, in the order of ``--data``.
        task: the task that its models are for: that of the operation's ``model`` parameter.
        operation: id of the operation in which the model can be chosen.
    """

    id: str
    title: str
    help: str
    parameters: type[Parameters]
    function: str
    folders: tuple[Folder, ...]
    task: str
    operation: str
