"""Sleeps at random between its requests; what the equipment does must not depend on it."""
import json, os, random, struct, time

for _ in range(20):
    time.sleep(random.random() * 0.01)
    body = json.dumps({"do": "count"}).encode()
    os.write(3, struct.pack("<I", len(body)) + body)
    (length,) = struct.unpack("<I", os.read(3, 4))
    os.read(3, length)
print("DONE")
