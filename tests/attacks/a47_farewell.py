"""Disturbs the stub's farewell: broken streams, exit handlers that raise, a deleted os module."""
import atexit, sys, threading


class Broken:
    def write(self, text):
        raise RuntimeError
    flush = write


@atexit.register
def late():
    sys.modules["os"].__dict__.clear()
    raise SystemExit(0)


threading._shutdown = None
sys.stdout = sys.stderr = Broken()
sys.modules.clear()
