"""gymnasium: environments of the published sizes in which nothing happens."""

from __future__ import annotations

import types
from typing import Any

from shapecheck.tracer.standins.absent import session

__all__ = ["Discrete", "Env", "Wrapper", "make"]

_ENVIRONMENTS = {
    "CartPole": (4, 2), "MountainCar": (2, 3), "Acrobot": (6, 3), "LunarLander": (8, 4), "Pendulum": (3, None),
    "MountainCarContinuous": (2, None), "BipedalWalker": (24, None), "HalfCheetah": (17, None), "Hopper": (11, None),
}  # fmt: skip
"""Numbers of an observation, and of actions to choose from (None: one number)."""
_EPISODE = 9
"""Steps after which an episode ends."""


class Discrete:
    """So many actions to choose from."""

    def __init__(self, n: int) -> None:
        self.n, self.shape = n, ()

    def sample(self) -> int:
        """One of them."""
        return 0

    def seed(self, *args: Any) -> None:
        """Nothing is random."""


class Box:
    """Numbers."""

    def __init__(self, size: int) -> None:
        self.shape = (size,)

    def sample(self) -> Any:
        """Zeros."""
        import numpy

        return numpy.zeros(self.shape, dtype=numpy.float32)

    def seed(self, *args: Any) -> None:
        """Nothing is random."""

    @property
    def low(self) -> Any:
        """The least numbers."""
        return self.sample() - 1

    @property
    def high(self) -> Any:
        """The largest numbers."""
        return self.sample() + 1


class Env:
    """An environment; ``old`` is whether it answers as gym did before version 0.26."""

    def __init__(self, observation: int = 4, actions: int | None = 2, old: bool = False) -> None:
        self.observation_space = Box(observation)
        self.action_space: Any = Box(1) if actions is None else Discrete(actions)
        self.spec = types.SimpleNamespace(reward_threshold=1.0, max_episode_steps=_EPISODE, id="")
        self._old, self._steps = old, 0

    @property
    def unwrapped(self) -> Env:
        """Itself."""
        return self

    def reset(self, *args: Any, **options: Any) -> Any:
        """An observation; and nothing else to tell."""
        self._steps = 0
        seen = self.observation_space.sample()
        return seen if self._old else (seen, {})

    def step(self, action: Any) -> Any:
        """An observation, a reward, and whether that was the last step."""
        self._steps += 1
        seen, over = self.observation_space.sample(), self._steps >= _EPISODE
        return (seen, 1.0, over, {}) if self._old else (seen, 1.0, over, False, {})

    def render(self, *args: Any, **options: Any) -> Any:
        """Nothing is shown."""

    close = seed = render


class Wrapper(Env):
    """An environment within another."""

    def __init__(self, env: Any, *args: Any, **options: Any) -> None:
        self.env, self.__dict__ = env, {**env.__dict__, "env": env}


def make(id: Any, *args: Any, old: bool = False, **options: Any) -> Env:
    """An environment by its name; one that is not known is taken as CartPole."""
    known = _ENVIRONMENTS.get(str(id).rpartition("-v")[0])
    if known is None:
        session().guess(f"environment {id}: four observed numbers and two actions", number=True)
    return Env(*(known or _ENVIRONMENTS["CartPole"]), old)
