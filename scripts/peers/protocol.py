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
