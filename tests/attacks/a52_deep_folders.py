"""1,500 folders inside each other: who counts or removes them by recursion falls over."""
import os, time

os.chdir(os.environ["HOME"])
for _ in range(1500):
    os.mkdir("d")
    os.chdir("d")
time.sleep(1.5)
print("DONE")
