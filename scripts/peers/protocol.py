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


def zeros_for(feeds, inputs):
    """Zeros for those of a session's `inputs` (ONNX Runtime's) that a library left out, because nothing it computes
    depends on them."""
    import numpy

    for value in inputs:
        kind = NUMBERS.get(value.type.removeprefix("tensor(").removesuffix(")"))
        if value.name not in feeds and kind:
            shape = [extent if isinstance(extent, int) else 1 for extent in value.shape]
            feeds[value.name] = numpy.zeros(shape, kind)


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
