"""A plugin whose result is its hints over the picture: what arrives can be seen."""

from studio.api import Operation, Parameters, hookimpl, number

api_version = 1


class Paint(Parameters):
    share: float = number(1.0, minimum=0, maximum=1)


def paint(pixels, _mask, parameters, context):
    rgba = context.hints
    if rgba is None:
        context.note("No hints.")
        return pixels
    return pixels + parameters.share * rgba[:, 3:] * (rgba[:, :3] - pixels)


@hookimpl
def operations():
    return [
        Operation(
            "hinted.paint",
            "Paint hints",
            "Adjust",
            "Shows them",
            Paint,
            ":paint",
            hints="colors",
            live=True,
            preview=False,
        ),
        Operation(
            "hinted.try", "Try hints", "Adjust", "Shows them", Paint, ":paint", hints="colors"
        ),
        Operation("hinted.deaf", "Deaf", "Adjust", "Takes none", Paint, ":paint"),
    ]
