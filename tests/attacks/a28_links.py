"""Makes files that are not what they seem: links, pipes, devices, sparse giants."""
import os, stat

for what, attempt in (
    ("symlink", lambda: os.symlink("@CANARY@", "/tmp/s")), ("hard link", lambda: os.link("@CANARY@", "/tmp/h")),
    ("pipe", lambda: os.mkfifo("/tmp/p")), ("device", lambda: os.mknod("/tmp/d", stat.S_IFBLK | 0o600, os.makedev(8, 0))),
):
    try:
        attempt()
        print("BREACH", what)
    except OSError:
        pass
try:
    with open(os.environ["HOME"] + "/sparse", "wb") as file:
        file.truncate(1 << 40)
    print("BREACH a sparse file of a TiB")
except OSError:
    pass
print("DONE")
