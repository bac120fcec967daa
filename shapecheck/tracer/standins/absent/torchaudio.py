"""torchaudio: a second of silence for every file, and transforms that give the real shapes."""

from __future__ import annotations

import math
import types
from typing import Any

import torch
from torch import nn

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.absorb import Absorbing
from shapecheck.tracer.standins.columns import Columns

__all__ = [
    "LFCC", "LIBRISPEECH", "MFCC", "SPEECHCOMMANDS", "YESNO", "AmplitudeToDB", "ComputeDeltas", "Fade",
    "FrequencyMasking", "GriffinLim", "InverseMelScale", "MelScale", "MelSpectrogram", "MuLawDecoding", "MuLawEncoding",
    "Resample", "Spectrogram", "TimeMasking", "TimeStretch", "Vol", "functional", "info", "list_audio_backends", "load",
    "save", "set_audio_backend",
]  # fmt: skip

_RATE = 16_000
_COMMANDS = "backward bed bird cat dog down eight five four go happy house left no off on right stop up yes".split()


def load(uri: Any, frame_offset: int = 0, num_frames: int = -1, normalize: bool = True, channels_first: bool = True,
         **options: Any) -> tuple[torch.Tensor, int]:  # fmt: skip
    """(1, samples) floats, and the rate: a second at 16 kHz, or the part of it that is asked for."""
    session().assume("sounds that are not there: one channel, one second at 16 kHz")
    samples = _RATE - frame_offset if num_frames < 0 else min(num_frames, _RATE - frame_offset)
    made = session().mark(torch.zeros(1, max(samples, 1)), role="features")
    return (made if channels_first else made.T), _RATE


def info(uri: Any, **options: Any) -> Any:
    """What is known of a file."""
    return types.SimpleNamespace(sample_rate=_RATE, num_frames=_RATE, num_channels=1, bits_per_sample=16, encoding="S")


def save(*args: Any, **options: Any) -> None:
    """Nothing is written."""


set_audio_backend = save


def list_audio_backends() -> list[str]:
    """The ways to read a file."""
    return ["soundfile"]


def resample(waveform: torch.Tensor, orig_freq: int, new_freq: int, **options: Any) -> torch.Tensor:
    """(..., samples) at another rate."""
    divisor = math.gcd(int(orig_freq), int(new_freq))
    samples = math.ceil(new_freq // divisor * waveform.shape[-1] / (orig_freq // divisor))
    return waveform.new_zeros((*waveform.shape[:-1], samples))


class _Transform(nn.Module):  # type: ignore[misc]
    """Leaves a sound, or its picture, as large as it is."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()

    def forward(self, waveform: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        """The same."""
        return waveform


class AmplitudeToDB(_Transform):
    """Decibels."""


class Fade(_Transform):
    """Silence at the ends."""


class FrequencyMasking(_Transform):
    """Some bands are left out."""


class TimeMasking(_Transform):
    """Some moments are left out."""


class Vol(_Transform):
    """Louder."""


class ComputeDeltas(_Transform):
    """Changes over time."""


class MuLawEncoding(_Transform):
    """Integers for samples."""

    def forward(self, waveform: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        """The same shape, integers."""
        return waveform.new_zeros(waveform.shape, dtype=torch.int64)


class MuLawDecoding(_Transform):
    """Samples for integers."""

    def forward(self, waveform: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        """The same shape, floats."""
        return waveform.new_zeros(waveform.shape, dtype=torch.float32)


class Resample(_Transform):
    """See :func:`resample`."""

    def __init__(self, orig_freq: int = _RATE, new_freq: int = _RATE, *args: Any, **options: Any) -> None:
        super().__init__()
        self.orig_freq, self.new_freq = int(orig_freq), int(new_freq)

    def forward(self, waveform: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        """(..., samples) at the new rate."""
        return resample(waveform, self.orig_freq, self.new_freq)


class Spectrogram(_Transform):
    """(..., samples) to (..., bands, frames); without a power the values are complex."""

    def __init__(self, n_fft: int = 400, win_length: int | None = None, hop_length: int | None = None, pad: int = 0,
                 window_fn: Any = None, power: float | None = 2.0, normalized: Any = False, wkwargs: Any = None,
                 center: bool = True, pad_mode: str = "reflect", onesided: bool = True,
                 **options: Any) -> None:  # fmt: skip
        super().__init__()
        self.n_fft, self.pad, self.power, self.center = n_fft, pad, power, center
        self.hop_length = hop_length or (win_length or n_fft) // 2
        self.bands = n_fft // 2 + 1 if onesided else n_fft

    def frames(self, samples: int) -> int:
        """The number of windows over so many samples."""
        samples += 2 * self.pad + (2 * (self.n_fft // 2) if self.center else 0)
        return (samples - self.n_fft) // self.hop_length + 1

    def forward(self, waveform: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        """Bands by frames."""
        dtype = torch.complex64 if self.power is None else waveform.dtype
        return waveform.new_zeros((*waveform.shape[:-1], self.bands, self.frames(waveform.shape[-1])), dtype=dtype)


class MelSpectrogram(Spectrogram):
    """(..., samples) to (..., mel bands, frames)."""

    def __init__(self, sample_rate: int = _RATE, n_fft: int = 400, win_length: int | None = None,
                 hop_length: int | None = None, f_min: float = 0.0, f_max: float | None = None, pad: int = 0,
                 n_mels: int = 128, window_fn: Any = None, power: float = 2.0, normalized: bool = False,
                 wkwargs: Any = None, center: bool = True, **options: Any) -> None:  # fmt: skip
        super().__init__(n_fft, win_length, hop_length, pad, power=power, center=center)
        self.n_mels = self.bands = n_mels


class MelScale(_Transform):
    """(..., bands, frames) to (..., mel bands, frames)."""

    def __init__(self, n_mels: int = 128, *args: Any, **options: Any) -> None:
        super().__init__()
        self.n_mels = n_mels

    def forward(self, waveform: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        """Fewer bands."""
        return waveform.new_zeros((*waveform.shape[:-2], self.n_mels, waveform.shape[-1]))


class MFCC(_Transform):
    """(..., samples) to (..., coefficients, frames)."""

    def __init__(self, sample_rate: int = _RATE, n_mfcc: int = 40, dct_type: int = 2, norm: str = "ortho",
                 log_mels: bool = False, melkwargs: dict[str, Any] | None = None, **options: Any) -> None:  # fmt: skip
        super().__init__()
        self.n_mfcc = n_mfcc
        self.MelSpectrogram = MelSpectrogram(sample_rate, **(melkwargs or {}))

    def forward(self, waveform: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        """Coefficients by frames."""
        frames = self.MelSpectrogram.frames(waveform.shape[-1])
        return waveform.new_zeros((*waveform.shape[:-1], self.n_mfcc, frames))


class LFCC(MFCC):
    """(..., samples) to (..., coefficients, frames)."""

    def __init__(self, sample_rate: int = _RATE, n_filter: int = 128, f_min: float = 0.0, f_max: float | None = None,
                 n_lfcc: int = 40, dct_type: int = 2, norm: str = "ortho", log_lf: bool = False,
                 speckwargs: dict[str, Any] | None = None) -> None:  # fmt: skip
        super().__init__(sample_rate, n_lfcc)
        self.MelSpectrogram = Spectrogram(**(speckwargs or {}))


InverseMelScale = Absorbing("torchaudio.transforms.InverseMelScale")
GriffinLim = Absorbing("torchaudio.transforms.GriffinLim")
TimeStretch = Absorbing("torchaudio.transforms.TimeStretch")


class _Functional:
    """``torchaudio.functional``: what has a transform of its own by that."""

    resample = staticmethod(resample)
    gain = staticmethod(lambda waveform, *args, **options: waveform)
    amplitude_to_DB = mask_along_axis = lowpass_biquad = highpass_biquad = compute_deltas = gain

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absorbing(f"torchaudio.functional.{name}")


functional = _Functional()


class SPEECHCOMMANDS(torch.utils.data.Dataset[Any]):  # type: ignore[misc]
    """Spoken words: sound, rate, word, speaker, number of the utterance."""

    def __init__(self, root: Any = None, *args: Any, **options: Any) -> None:
        self._rows = Columns(session()).rows
        session().assume(f"data set {type(self).__name__}: {self._rows} made-up rows")
        self._walker = [f"{root}/{_COMMANDS[row % len(_COMMANDS)]}/{row}.wav" for row in range(self._rows)]

    def __len__(self) -> int:
        return len(self._walker)

    def __getitem__(self, row: int) -> tuple[Any, ...]:
        if not 0 <= row < len(self):
            raise IndexError(row)
        return (*load(self._walker[row]), _COMMANDS[row % len(_COMMANDS)], f"speaker{row % 7}", 0)


class YESNO(SPEECHCOMMANDS):
    """Eight words, yes or no: sound, rate, labels."""

    def __getitem__(self, row: int) -> tuple[Any, ...]:
        sound, rate, *_ = super().__getitem__(row)
        return sound, rate, [(row >> bit) & 1 for bit in range(8)]


class LIBRISPEECH(SPEECHCOMMANDS):
    """Read sentences: sound, rate, text, speaker, chapter, number of the utterance."""

    def __getitem__(self, row: int) -> tuple[Any, ...]:
        sound, rate, *_ = super().__getitem__(row)
        return sound, rate, Columns(session()).text(row).upper(), row % 7, 1, row
