"""Threads with descriptor tables of their own: each holds what the others have closed, so that 64 is no limit."""
import ctypes, mmap, os

VM, FS, SIGHAND, THREAD, SYSVSEM = 0x100, 0x200, 0x800, 0x10000, 0x40000
libc = ctypes.CDLL(None, use_errno=True)
libc.clone.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
pause = ctypes.cast(libc.pause, ctypes.c_void_p)
stacks, held = [], 0
for _ in range(24):
    opened = []
    try:
        while True:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    stack = mmap.mmap(-1, 1 << 16)
    top = ctypes.addressof(ctypes.c_char.from_buffer(stack)) + (1 << 16) - 64
    stacks.append(stack)
    if libc.clone(pause, top, VM | FS | SIGHAND | THREAD | SYSVSEM, None) > 0:
        held += len(opened)
    for descriptor in opened:
        os.close(descriptor)
print("BREACH" if held > 64 else "DONE", held, "descriptors")
