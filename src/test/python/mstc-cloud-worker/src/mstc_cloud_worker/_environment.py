"""Settings that come from an argument, else from an environment variable, else have a default."""

import os

_MAX_PORT = 65535


def text(argument: str | None, variable: str, default: str) -> str:
    """The first of these that is neither missing nor empty."""
    return argument or os.environ.get(variable) or default


def port(argument: int | None, variable: str, default: int) -> int:
    """Like `text`, for a TCP port.

    Raises:
        ValueError: the value is not a port; the message names its source.
    """
    if argument is not None:
        source, value = "the argument 'port'", str(argument)
    else:
        source, value = f"the environment variable {variable}", os.environ.get(variable, "")
        if not value:
            return default
    if not (value.isascii() and value.isdigit() and 0 < int(value) <= _MAX_PORT):
        # Kubernetes sets tcp://<address>:<port> if a Service has the variable's name.
        raise ValueError(f"{source} is {value!r}, not a port from 1 to {_MAX_PORT}")
    return int(value)
