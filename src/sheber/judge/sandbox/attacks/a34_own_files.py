"""Changes what it runs from: the stub, the client, its own source, numpy, Python."""
import json, os, sys
import numpy

for path in (__file__, sys.orig_argv[-2], "/sheber/sheber/__init__.py", numpy.__file__, json.__file__, sys.executable):
    try:
        with open(path) as file:
            os.fchmod(file.fileno(), 0o777)
        print("BREACH fchmod", path)
    except (OSError, ValueError):
        pass
    try:
        os.chmod(path, 0o777)
        print("BREACH chmod", path)
    except OSError:
        pass
    for attempt in (lambda: open(path, "r+b"), lambda: os.rename(path, path + "x"), lambda: os.unlink(path),
                    lambda: open(os.path.dirname(path) + "/more.py", "w")):
        try:
            attempt()
            print("BREACH changed", path)
        except OSError:
            pass
print("DONE")
