"""The honest control: numpy, OpenCV, threads and the scratch folder work, and the conversation goes its way."""
import json, os, struct, tempfile, threading
import cv2
import numpy as np


def ask(**command):
    body = json.dumps(command).encode()
    os.write(3, struct.pack("<I", len(body)) + body)
    (length,) = struct.unpack("<I", os.read(3, 4))
    return json.loads(os.read(3, length))


ask(do="connect")
assert np.allclose(np.linalg.svd(np.diag([3.0, 2.0, 1.0]))[1], [3, 2, 1])
assert cv2.GaussianBlur(np.ones((64, 64, 3), np.uint8), (5, 5), 1.0).shape == (64, 64, 3)
threads = [threading.Thread(target=sum, args=(range(1000),)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with tempfile.TemporaryFile() as file:
    file.write(b"x" * 100_000)
for _ in range(7):
    count = ask(do="count")["count"]
print("COUNTED", count)
