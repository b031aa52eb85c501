"""Opens sockets and calls the judge's own machine."""
import socket

for family in (socket.AF_INET, socket.AF_INET6):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            talk = socket.socket(family, kind)
            print("NOTE a socket was made")
            talk.settimeout(1.0)
            talk.connect(("127.0.0.1" if family == socket.AF_INET else "::1", int("@PORT@")))
            talk.send(b"hello")
            print("BREACH connected", family)
        except OSError:
            pass
print("DONE")
