"""Calls local services by unix sockets, abstract and by path."""
import socket

for address in ("\0@ABSTRACT@", "@SOCKET@", "/run/dbus/system_bus_socket", "/var/run/docker.sock"):
    try:
        talk = socket.socket(socket.AF_UNIX)
        talk.connect(address)
        print("BREACH connected", repr(address))
    except OSError:
        pass
print("DONE")
