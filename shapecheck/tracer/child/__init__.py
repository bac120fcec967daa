"""The traced side: runs in a child process, under the project's own interpreter.

It may import the standard library, torch, and transformers where the script uses it; of shapecheck only this
package and the pure modules (``places``, ``hub``).
"""
