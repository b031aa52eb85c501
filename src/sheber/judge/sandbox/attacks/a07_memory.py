"""Takes three GiB of memory."""
blocks = []
try:
    for _ in range(48):
        blocks.append(bytearray(64 << 20))
except MemoryError:
    print("DONE after", len(blocks) * 64, "MiB")
else:
    print("BREACH", len(blocks) * 64, "MiB")
