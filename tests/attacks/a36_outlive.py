"""Tries to go on after its end."""
import ctypes, os, signal, threading, time

for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGXCPU):
    signal.signal(number, signal.SIG_IGN)
try:
    os.setsid()
    print("BREACH setsid")
except OSError:
    pass
try:
    if os.fork() == 0:
        time.sleep(30)
except OSError:
    pass
threading.Thread(target=time.sleep, args=(1000,)).start()
while True:
    try:
        os.close(3)
        os.close(1)
        os.close(2)
    except OSError:
        pass
    time.sleep(0.1)
