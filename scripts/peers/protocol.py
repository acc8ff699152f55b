"""One line of JSON in, one line of JSON out: how tenfold talks to the scripts of its peers.

serve() calls a handler for each request. Standard output carries answers alone: what a peer's own code prints goes to
standard error.
"""

import json
import os
import sys


class PeerError(Exception):
    """A failure that the user should read. `code` is one of docs/status-codes.md."""

    def __init__(self, message, code="failed"):
        super().__init__(message)
        self.code = code


NUMBERS = {"float16": "float16", "float": "float32", "double": "float64", "int64": "int64", "int32": "int32",
           "bool": "bool", "uint8": "uint8", "int8": "int8"}


def feed_the_rest(feeds, inputs):
    """Something for those of a session's `inputs` (ONNX Runtime's) that a library left out, because nothing it computes
    depends on them: numbers that are not neutral, so that a library which was wrong to leave one out is found out."""
    import numpy

    random = numpy.random.default_rng(97)
    named = {}  # dimensions that inputs share
    for value in inputs:
        if value.name in feeds:
            named.update(zip(map(str, value.shape), feeds[value.name].shape))
    for value in inputs:
        kind = NUMBERS.get(value.type.removeprefix("tensor(").removesuffix(")"))
        if value.name in feeds or not kind:
            continue
        shape = [extent if isinstance(extent, int) else named.get(str(extent), 1) for extent in value.shape]
        values = random.uniform(0.5, 1.5, shape) if kind.startswith("float") else numpy.ones(shape)
        feeds[value.name] = values.astype(kind)


def serve(handler):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            answer = handler(json.loads(line))
        except PeerError as error:
            answer = {"error": str(error), "code": error.code}
        except Exception as error:  # whatever a peer throws is one line for the user
            text = " ".join(str(error).split())
            answer = {"error": f"{type(error).__name__}: {text}"[:500], "code": "failed"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
