"""Starts other programs: a shell, an interpreter, one from memory."""
import ctypes, os, subprocess, sys

for command in (["/bin/sh", "-c", "echo BREACH shell"], ["/usr/bin/env"], [sys.executable, "-c", "print('BREACH')"]):
    try:
        subprocess.run(command, timeout=5)
        print("BREACH subprocess", command)
    except (OSError, subprocess.SubprocessError):
        pass
try:
    os.posix_spawn("/bin/sh", ["sh", "-c", "echo BREACH"], {})
    print("BREACH posix_spawn")
except OSError:
    pass
try:
    print("BREACH memfd", os.memfd_create("x"))
except OSError:
    pass
try:
    os.execv(sys.executable, [sys.executable, "-c", "print('BREACH exec')"])
except OSError:
    pass
print("DONE")
