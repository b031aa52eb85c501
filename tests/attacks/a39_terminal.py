"""Pushes characters into the terminal of whoever started the judge."""
import fcntl, os

for descriptor in (0, 1, 2):
    try:
        fcntl.ioctl(descriptor, 0x5412, b"x")  # TIOCSTI
        print("BREACH TIOCSTI")
    except OSError:
        pass
for path in ("/dev/tty", "/dev/pts/0", "/dev/console"):
    try:
        os.open(path, os.O_RDWR)
        print("BREACH", path)
    except OSError:
        pass
print("DONE")
