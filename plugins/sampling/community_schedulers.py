"""The schedulers that can be chosen, each made of the configuration of the model's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio_plugins.sampling.community_parameters import Scheduler

_CLASSES: Mapping[Scheduler, tuple[str, Mapping[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "dpm": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
}


def scheduler_of(name: Scheduler, own: Any) -> Any:
    """A scheduler of diffusers with the noise that a model was trained with.

    DDIM (Song et al. 2021), DPM-Solver++ (Lu et al. 2022), Euler and ancestral Euler (Karras et al.
    2022), UniPC (Zhao et al. 2023), LCM (Luo et al. 2023).

    Args:
        name: which; ``own`` is another one of the model's own class, as they keep state.
        own: the model's own.
    """
    import diffusers

    if name == "own":
        return type(own).from_config(own.config)
    title, options = _CLASSES[name]
    kind: Any = getattr(diffusers, title)
    return kind.from_config(own.config, **options)
