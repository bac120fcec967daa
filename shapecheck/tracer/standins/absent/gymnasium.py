"""gymnasium: environments of the published sizes in which nothing happens."""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable, Sequence
from typing import Any

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.absent.gym_spaces import (
    Box,
    Dict,
    Discrete,
    MultiBinary,
    MultiDiscrete,
    Space,
    Tuple,
    batched,
)

_WRAPPERS = (
    "ActionWrapper", "ClipAction", "ClipReward", "Monitor", "NormalizeObservation", "NormalizeReward",
    "ObservationWrapper", "OrderEnforcing", "RecordEpisodeStatistics", "RecordVideo", "RescaleAction", "RewardWrapper",
    "TimeLimit", "TransformAction", "TransformObservation", "TransformReward",
)  # fmt: skip
"""Wrappers under which the sizes of an environment are what they were."""

__all__ = [
    "AsyncVectorEnv", "AtariPreprocessing", "Box", "Dict", "Discrete", "Env", "FlattenObservation", "FrameStack",
    "FrameStackObservation", "GrayScaleObservation", "GrayscaleObservation", "MultiBinary", "MultiDiscrete",
    "ResizeObservation", "Space", "SyncVectorEnv", "Tuple", "Wrapper", "make", "make_vec", "register", *_WRAPPERS,
]  # fmt: skip

_ENVIRONMENTS: dict[str, tuple[Any, Any]] = {
    "CartPole": ((4,), 2), "MountainCar": ((2,), 3), "Acrobot": ((6,), 3), "LunarLander": ((8,), 4),
    "Pendulum": ((3,), (1,)), "MountainCarContinuous": ((2,), (1,)), "LunarLanderContinuous": ((8,), (2,)),
    "BipedalWalker": ((24,), (4,)), "BipedalWalkerHardcore": ((24,), (4,)), "CarRacing": ((96, 96, 3), (3,)),
    "HalfCheetah": ((17,), (6,)), "Hopper": ((11,), (3,)), "Walker2d": ((17,), (6,)), "Swimmer": ((8,), (2,)),
    "Ant": ((27,), (8,)), "Humanoid": ((376,), (17,)), "Reacher": ((11,), (2,)), "InvertedPendulum": ((4,), (1,)),
    "InvertedDoublePendulum": ((11,), (1,)), "FrozenLake": (16, 4), "FrozenLake8x8": (64, 4), "Taxi": (500, 6),
    "CliffWalking": (48, 4),
}  # fmt: skip
"""What is observed, and what can be done: a shape of numbers, or so many things to choose from."""
_ATARI = ((210, 160, 3), 4)
_EPISODE = 9
"""Steps after which an episode ends."""


class Env:
    """An environment; ``old`` is whether it answers as gym did before version 0.26."""

    observation_space: Any = Box(shape=(4,))
    action_space: Any = Discrete(2)
    metadata: Any = types.MappingProxyType({})
    render_mode = reward_range = None
    spec = types.SimpleNamespace(reward_threshold=1.0, max_episode_steps=_EPISODE, id="")
    _old, _steps = False, 0

    @property
    def unwrapped(self) -> Any:
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

    def __class_getitem__(cls, kinds: Any) -> Any:
        return cls


class Wrapper(Env):
    """An environment within another: what it does not do itself, the other does."""

    def __init__(self, env: Any, *args: Any, **options: Any) -> None:
        self.env = env
        for name in ("observation_space", "action_space", "spec", "_old"):
            self.__dict__[name] = getattr(env, name, getattr(Env, name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "env":
            raise AttributeError(name)
        return getattr(self.env, name)

    @property
    def unwrapped(self) -> Any:
        """The innermost environment."""
        return self.env.unwrapped

    def reset(self, *args: Any, **options: Any) -> Any:
        """What the environment gives, seen by the wrapper."""
        found = self.env.reset(*args, **options)
        return self._seen(found) if self._old else (self._seen(found[0]), *found[1:])

    def step(self, action: Any) -> Any:
        """The same, for a step."""
        seen, *rest = self.env.step(self.action(action) if hasattr(type(self), "action") else action)
        return (self._seen(seen), *rest)

    def _seen(self, observation: Any) -> Any:
        if hasattr(type(self), "observation"):
            return self.observation(observation)
        same = getattr(self.env, "observation_space", None) is self.observation_space
        return observation if same else self.observation_space.sample()


globals().update({name: type(name, (Wrapper,), {}) for name in _WRAPPERS})


class _Reshaped(Wrapper):
    """A wrapper under which observations have another shape."""

    def __init__(self, env: Any, *args: Any, **options: Any) -> None:
        super().__init__(env)
        before = self.observation_space
        self.observation_space = Box(shape=self._shape(before.shape, *args, **options), dtype=before.dtype)

    def _shape(self, before: tuple[int, ...], *args: Any, **options: Any) -> tuple[int, ...]:
        raise NotImplementedError


class FlattenObservation(_Reshaped):
    """All numbers in a row."""

    def _shape(self, before: tuple[int, ...], *args: Any, **options: Any) -> tuple[int, ...]:
        count = 1
        for size in before:
            count *= size
        return (count,)


class ResizeObservation(_Reshaped):
    """Pictures of another size."""

    def _shape(self, before: tuple[int, ...], shape: Any = 84, *args: Any, **options: Any) -> tuple[int, ...]:
        return (*((shape, shape) if isinstance(shape, int) else shape), *before[2:])


class GrayScaleObservation(_Reshaped):
    """Pictures without colours."""

    def _shape(self, before: tuple[int, ...], keep_dim: bool = False, *args: Any, **options: Any) -> tuple[int, ...]:
        return (*before[:2], 1) if keep_dim else before[:2]


class FrameStackObservation(_Reshaped):
    """The last observations together."""

    def _shape(self, before: tuple[int, ...], num_stack: int = 4, *args: Any, **options: Any) -> tuple[int, ...]:
        return (options.get("stack_size", num_stack), *before)


class AtariPreprocessing(_Reshaped):
    """Small pictures without colours."""

    def _shape(self, before: tuple[int, ...], *args: Any, **options: Any) -> tuple[int, ...]:
        size = options.get("screen_size", 84)
        return (size, size)


GrayscaleObservation, FrameStack = GrayScaleObservation, FrameStackObservation


class SyncVectorEnv(Env):
    """Several environments side by side, each made by a function."""

    def __init__(self, env_fns: Sequence[Callable[[], Any]], *args: Any, **options: Any) -> None:
        self.envs = [make() for make in env_fns]
        self.num_envs, first = len(self.envs), self.envs[0]
        self.single_observation_space, self.single_action_space = first.observation_space, first.action_space
        self.observation_space = batched(self.single_observation_space, self.num_envs)
        self.action_space = batched(self.single_action_space, self.num_envs)
        self._old = getattr(first, "_old", False)

    def step(self, actions: Any) -> Any:
        """An observation, a reward and an end for each of them."""
        import numpy

        seen, _, over, *_ = super().step(actions)
        rewards, ends = numpy.ones(self.num_envs), numpy.full(self.num_envs, over)
        return (seen, rewards, ends, {}) if self._old else (seen, rewards, ends, numpy.full_like(ends, False), {})


AsyncVectorEnv = SyncVectorEnv
_registered: dict[str, Any] = {}


def register(id: str, entry_point: Any = None, *args: Any, **options: Any) -> None:
    """Note what makes an environment of the script's own."""
    _registered[id] = entry_point


def make(id: Any, *args: Any, old: bool = False, **options: Any) -> Any:
    """An environment by its name; one that is not known is taken as CartPole."""
    own = _registered.get(id)
    if isinstance(own, str):
        module, _, name = own.partition(":")
        own = getattr(importlib.import_module(module), name)
    if own is not None:
        return own(**options.get("kwargs", {}))
    name = str(id).rpartition("-v")[0]
    known = _ATARI if name.startswith("ALE/") or name.endswith("NoFrameskip") else _ENVIRONMENTS.get(name)
    if known is None:
        session().guess(f"environment {id}: four observed numbers and two actions", number=True)
    observed, done = known or _ENVIRONMENTS["CartPole"]
    made = Env()
    made._old = old
    made.observation_space, made.action_space = _space(observed), _space(done)
    return made


def make_vec(id: Any, num_envs: int = 1, *args: Any, **options: Any) -> Any:
    """Several environments of one name side by side."""
    return SyncVectorEnv([lambda: make(id, **options)] * num_envs)


def _space(size: Any) -> Any:
    if isinstance(size, int):
        return Discrete(size)
    return Box(shape=size, dtype="uint8" if len(size) > 1 else "float32")
