"""Asks which files exist on this machine, without reading them."""
import os

for path in ("@CANARY@", "/etc/passwd", "/usr/bin/env"):
    try:
        os.stat(path)
        print("BREACH the name is visible:", path)
    except OSError:
        pass
print("DONE")
