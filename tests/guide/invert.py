from studio.api import Operation, Parameters, hookimpl, number

api_version = 1


class Invert(Parameters):
    strength: float = number(1.0, minimum=0, maximum=1, help="0 leaves the picture as it is")


def invert(pixels, mask, parameters, context):
    return pixels + parameters.strength * (1 - 2 * pixels)


@hookimpl
def operations():
    return [Operation("invert.apply", "Invert", "Adjust", "Light becomes dark.", Invert, ":invert")]
