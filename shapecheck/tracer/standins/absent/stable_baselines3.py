"""stable_baselines3, as far as scripts with a training loop of their own use it: a buffer, and Atari's wrappers."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from shapecheck.tracer.standins.absent.gymnasium import Wrapper

_WRAPPERS = ("ClipRewardEnv", "EpisodicLifeEnv", "FireResetEnv", "MaxAndSkipEnv", "NoopResetEnv", "Monitor")

__all__ = ["ReplayBuffer", "ReplayBufferSamples", *_WRAPPERS]

globals().update({name: type(name, (Wrapper,), {}) for name in _WRAPPERS})


class ReplayBufferSamples(NamedTuple):
    """Steps drawn at random: (batch, *observation), (batch, action), and (batch, 1) for ends and rewards."""

    observations: torch.Tensor
    actions: torch.Tensor
    next_observations: torch.Tensor
    dones: torch.Tensor
    rewards: torch.Tensor


class ReplayBuffer:
    """Keeps no step; gives steps of the right shapes."""

    def __init__(self, buffer_size: int, observation_space: Any, action_space: Any, *args: Any, **options: Any) -> None:
        self.buffer_size, self.observation_space, self.action_space = buffer_size, observation_space, action_space
        self._count = 0

    def add(self, *args: Any, **options: Any) -> None:
        """Count a step."""
        self._count += 1

    def size(self) -> int:
        """The steps so far."""
        return min(self._count, self.buffer_size)

    def sample(self, batch_size: int, *args: Any, **options: Any) -> ReplayBufferSamples:
        """So many steps."""
        seen, done = self.observation_space, self.action_space
        states = torch.zeros(batch_size, *seen.shape).to(getattr(torch, str(seen.dtype)))
        actions = torch.zeros(batch_size, *(done.shape or (1,))).to(getattr(torch, str(done.dtype)))
        ends = torch.zeros(batch_size, 1)
        return ReplayBufferSamples(states, actions, states.clone(), ends, ends.clone())
