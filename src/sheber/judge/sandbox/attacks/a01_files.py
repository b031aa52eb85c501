"""Reads what is not its own: passwords, other processes, the owner's files, the canary."""
import glob, os

for path in ("@CANARY@", "/etc/passwd", "/etc/shadow", "/etc/hostname", "/proc/self/environ", "/proc/1/cmdline",
             "/proc/version", "/sys/kernel/notes", "/root/.bashrc", os.path.expanduser("~root/.profile")):
    try:
        with open(path, "rb") as file:
            print("BREACH read", path, file.read(20))
    except OSError:
        pass
for pattern in ("/home/*", "/root/*", "/proc/[0-9]*", "/etc/*"):
    if glob.glob(pattern):
        print("BREACH listed", pattern)
print("DONE")
