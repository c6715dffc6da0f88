"""The operations, trainers and checkpoints of the families side by side."""

from __future__ import annotations

from studio.api import CheckpointLoader, Gallery, Preset
from studio_plugins.sampling.families_parameters import (
    COMPLETE_TASK,
    GALLERY,
    LATENT_TASK,
    CompleteParameters,
    LatentParameters,
)
from studio_plugins.sampling.families_training import TRAINERS
from studio_plugins.sampling.kinds import changing, making
from studio_plugins.sampling.names import ENLARGE

__all__ = ["GALLERIES", "LOADERS", "OPERATIONS", "TRAINERS"]

_SUFFIXES = (".pth", ".pt", ".safetensors", ".tar", ".ckpt")

OPERATIONS = [
    making(
        id="sampling.latent",
        title="Latent space",
        help="New pictures, walks and interpolations of an autoencoder, a VAE or a GAN.",
        parameters=LatentParameters,
        function=".latent:explore",
        output="document",
        live=True,
        follow_ups=(ENLARGE,),
        presets=(
            Preset("Sixteen new ones", {"mode": "sample", "count": 16}),
            Preset("Round trip", {"mode": "walk", "steps": 12}),
        ),
        keywords=(
            "vae",
            "gan",
            "autoencoder",
            "stylegan",
            "interpolate",
            "morph",
            "generate",
            "face",
        ),
    ),
    changing(
        id="sampling.complete",
        title="Complete below a line",
        help="Draws what is below a row anew, from what is above it, square by square.",
        parameters=CompleteParameters,
        function=".complete:complete",
        input="layer",
        output="region",
        keywords=("autoregressive", "transformer", "pixelcnn", "continue", "finish", "generate"),
    ),
]

GALLERIES = [Gallery(GALLERY, "Pictures to place")]

LOADERS = [
    CheckpointLoader(
        id="latent-sampling",
        title="Generators and decoders of latents",
        task=LATENT_TASK,
        suffixes=_SUFFIXES,
        function=".families_loading:recognise_latent",
    ),
    CheckpointLoader(
        id="completing",
        title="Completing transformers",
        task=COMPLETE_TASK,
        suffixes=_SUFFIXES,
        function=".families_loading:recognise_completer",
    ),
]
