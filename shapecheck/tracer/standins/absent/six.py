"""six: what it calls by one name under both versions of Python, under the one that runs."""

from __future__ import annotations

import builtins
import itertools
import pickle
import queue
import types
import urllib.parse
import urllib.request

__all__ = ["PY2", "PY3", "integer_types", "iteritems", "iterkeys", "itervalues", "moves", "string_types", "urllib",
           "xrange"]  # fmt: skip

PY2, PY3 = False, True
string_types, integer_types = (str,), (int,)
xrange = range
iteritems, iterkeys, itervalues = dict.items, dict.keys, dict.values
moves = types.SimpleNamespace(
    urllib=urllib,
    cPickle=pickle,
    queue=queue,
    range=range,
    xrange=range,
    zip=zip,
    map=map,
    filter=filter,
    input=builtins.input,
    reduce=__import__("functools").reduce,
    zip_longest=itertools.zip_longest,
)
