"""Training: a step of the optimizer for every batch of a loader."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch


def train(batches: Iterable[Any], parameters: Iterable[torch.nn.Parameter], loss_of: Callable[[Any], Any]) -> None:
    """One pass over the batches, by AdamW."""
    optimizer = torch.optim.AdamW(parameters, lr=2e-5)
    for batch in batches:
        loss_of(batch).backward()
        optimizer.step()
        optimizer.zero_grad()


def train_labelled(batches: Iterable[Any], loss: torch.nn.Module) -> None:
    """One pass over batches of features and labels, by a loss on an encoder."""
    train(batches, loss.parameters(), lambda batch: loss(*batch))
