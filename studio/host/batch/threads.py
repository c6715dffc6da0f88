"""How many threads one process computes with."""

from __future__ import annotations


def limit_threads(count: int) -> None:
    """Let torch and OpenCV compute with so many threads. Sums are the same at the same number.

    Args:
        count: from 1.
    """
    import cv2
    import torch

    torch.set_num_threads(count)
    cv2.setNumThreads(count)
