"""It uses what the plugin API is going to lose."""

from studio.api import CheckpointLoader, Operation, Parameters, hookimpl

api_version = 1


class Nothing(Parameters):
    pass


def apply(pixels, mask, parameters, context):
    return pixels


@hookimpl
def operations():
    return [Operation("bad.apply", "Bad", "Test", "Nothing", Nothing, ":apply")]


@hookimpl
def checkpoint_loaders():
    loader = CheckpointLoader("bad", "Bad", "testing", (".pth",), ".engine:recognise")
    return [loader.within("studio_dropins.deprecated")]
