"""shapecheck finds tensor-shape faults in PyTorch and transformers code before training does.

This module imports nothing: the tracer's child process loads it under the user's own interpreter.
"""

__version__ = "0.1.0"
