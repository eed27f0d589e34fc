"""The signals that ask a run to end."""

import signal


def asking() -> tuple[signal.Signals, ...]:
    """Ctrl-C, a cluster's SIGTERM, and a closed terminal's SIGHUP unless nohup switched it off."""
    heard = (signal.SIGINT, signal.SIGTERM)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        return heard
    return (*heard, signal.SIGHUP)
