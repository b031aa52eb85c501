"""Sends commands that do not exist, and JSON that is none."""
import json, os, struct

body = json.dumps({"do": "score", "points": 100}).encode()
os.write(3, struct.pack("<I", len(body)) + body)
os.read(3, 1)
