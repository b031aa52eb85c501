"""Uses up descriptors, and sends descriptors over the conversation."""
import array, os, socket

kept = []
try:
    while len(kept) < 2000:
        kept.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
print("BREACH" if len(kept) > 64 else "NOTE", len(kept), "descriptors")
for descriptor in kept:
    os.close(descriptor)
try:
    talk = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=3)
    talk.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1]))])
    print("BREACH sent a descriptor")
except OSError:
    pass
print("DONE")
