"""The dynamic front end: runs a script in a guarded child process and emits the ShapeGraph that PyTorch made."""
