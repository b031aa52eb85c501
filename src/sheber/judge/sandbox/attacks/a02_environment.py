"""Looks for secrets in the environment and in the judge's arguments."""
import os, sys

if "hush" in repr(dict(os.environ)) or "hush" in repr(sys.orig_argv):
    print("BREACH the judge's environment is here")
print("DONE", sorted(os.environ))
