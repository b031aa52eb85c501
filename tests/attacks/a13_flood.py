"""Prints a gigabyte."""
for _ in range(16384):
    print("x" * 65535)
print("BREACH all of it was taken")
