"""The stub: first program in the box. Gives up what a program does not need, says so, then runs the program.

Theory of operation. The judge starts this one file with a bare interpreter and a JSON object as its only
argument. It moves the two inherited descriptors to their places (3: the conversation, 4: what the stub
itself has to say to the judge), becomes an unprivileged user where it was started as root, lowers its limits, and
locks itself in: Landlock for files, TCP and signals, then a seccomp filter that allows the system calls of
Python, numpy and OpenCV and answers all others with "not permitted". It checks that all of this took
hold and writes `ready`; whatever fails before that line is the judge's fault, whatever comes after it is the
program's. Only then are the program's bytes compiled. When the program ends, a second line says how.

Nothing in here is secret and nothing in here is trusted after `ready`: the score never depends on it.
Standard library only; the client library is imported after the locks.
"""

import contextlib
import ctypes
import json
import os
import platform
import struct
import sys

CHANNEL, STATUS = 3, 4  # descriptors inside the box
LONGEST_MESSAGE = 2000  # characters of an error that travel to the judge; all of it is printed
LONGEST_LINE = 8000  # bytes of a line to the judge, who reads no more than 8192

# --- the policy, as tables -----------------------------------------------------------------

X86_64, AARCH64 = 0xC000003E, 0xC00000B7
# name: number on x86_64, number on aarch64 (None: does not exist there)
ALLOWED = {
    # files that are already open
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "lseek": (8, 62), "pread64": (17, 67), "pwrite64": (18, 68),
    "readv": (19, 65), "writev": (20, 66), "preadv": (295, 69), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    "fsync": (74, 82), "fdatasync": (75, 83), "ftruncate": (77, 46),
    "getdents": (78, None), "getdents64": (217, 61),
    # files by name: Landlock and the mounts say which
    "open": (2, None), "openat": (257, 56), "stat": (4, None), "fstat": (5, 80), "lstat": (6, None),
    "newfstatat": (262, 79), "statx": (332, 291), "access": (21, None), "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None), "readlinkat": (267, 78), "getcwd": (79, 17), "chdir": (80, 49), "rename": (82, None),
    "renameat": (264, 38), "renameat2": (316, 276), "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None),
    "unlink": (87, None), "unlinkat": (263, 35), "truncate": (76, 45), "umask": (95, 166),
    # memory
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216),
    "madvise": (28, 233),
    # threads, not processes: clone is looked at below
    "futex": (202, 98), "futex_waitv": (449, 449), "set_tid_address": (218, 96), "set_robust_list": (273, 99),
    "rseq": (334, 293), "gettid": (186, 178), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "arch_prctl": (158, None),
    # signals to oneself, and the end
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "restart_syscall": (219, 128), "pause": (34, None), "exit": (60, 93), "exit_group": (231, 94),
    # waiting and time
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72), "epoll_wait": (232, None),
    "epoll_pwait": (281, 22), "epoll_ctl": (233, 21), "epoll_create1": (291, 20), "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115), "clock_gettime": (228, 113), "clock_getres": (229, 114), "gettimeofday": (96, 169),
    "time": (201, None), "times": (100, 153), "pipe": (22, None), "pipe2": (293, 59), "eventfd2": (290, 19),
    # the conversation, on descriptors that exist
    "sendto": (44, 206), "recvfrom": (45, 207), "recvmsg": (47, 212), "shutdown": (48, 210), "getsockname": (51, 204),
    # who am I, what is this machine
    "getpid": (39, 172), "getppid": (110, 173), "getpgrp": (111, None), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getgroups": (115, 158), "getresuid": (118, 148),
    "getresgid": (120, 150),
    "uname": (63, 160), "getrusage": (98, 165), "getrlimit": (97, 163), "getrandom": (318, 278),
    "getcpu": (309, 168),
}  # fmt: skip
# What the C libraries (glibc, musl) ask of clone for a thread, and nothing else: memory, folder, descriptors, signal
# handlers and semaphores shared. A thread with descriptors of its own would have the limit of 64 once more.
THREAD_FLAGS = (0x003D0F00, 0x007D0F00)
CLOSE_FLAGS = (0, 4)  # close, or close at exec; flag 2 would give the thread descriptors of its own
IOCTLS = (0x5451, 0x5421, 0x541B, 0x5401)  # FIOCLEX, FIONBIO, FIONREAD, and TCGETS: "is this a terminal?"
FCNTLS = (0, 1, 2, 3, 4, 1030, 1032, 1034)  # duplicate, flags, size of a pipe, seals; no locks, leases, owners
NUMBERS = {  # x86_64, aarch64
    "clone": (56, 220), "clone3": (435, 435), "ioctl": (16, 29), "fcntl": (72, 25), "prlimit64": (302, 261),
    "tgkill": (234, 131), "close_range": (436, 436),
    "seccomp": (317, 277), "capget": (125, 90), "capset": (126, 91),
    "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446),
}  # fmt: skip
ARCHITECTURES = {"x86_64": (0, X86_64), "aarch64": (1, AARCH64)}

_LONG = ctypes.c_long


class NotLocked(Exception):
    """A lock did not take hold: nothing may be run here."""


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise NotLocked(f"{what}: {os.strerror(number)}")
    return result


def _machine() -> "tuple[int, int]":
    """Column of the tables and audit number of this processor's kernel interface."""
    name = platform.machine()
    if name not in ARCHITECTURES or struct.calcsize("P") != 8:
        raise NotLocked(f"there is no table of system calls for {name}; there is one for {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name]


def _call(name: str, *arguments: "object") -> int:
    number = NUMBERS[name][_machine()[0]]
    return int(_libc().syscall(_LONG(number), *arguments))


def _prctl(option: int, value: int) -> int:
    return int(_libc().prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)))


# --- seccomp -------------------------------------------------------------------------------


def filter_program(column: int, architecture: int, process: int) -> bytes:
    """The filter as classic BPF: 8 bytes an instruction. process: the only one that signals may go to."""
    LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
    KILL, ALLOW, EPERM, ENOSYS, ENOTTY = 0x80000000, 0x7FFF0000, 0x00050001, 0x00050026, 0x00050019
    code: list[tuple[int, int, int, int]] = []

    def add(operation: int, then: int, otherwise: int, value: int) -> None:
        code.append((operation, then, otherwise, value))

    def one_of(name: str, argument: int, values: "tuple[int, ...]", refusal: int) -> None:
        """The call `name` only with one of `values` in the low half of its argument."""
        add(EQUAL, 0, len(values) + 3, NUMBERS[name][column])
        add(LOAD, 0, 0, 16 + 8 * argument)
        for index, value in enumerate(values):
            add(EQUAL, len(values) - index, 0, value)
        add(RETURN, 0, 0, refusal)
        add(RETURN, 0, 0, ALLOW)

    add(LOAD, 0, 0, 4)
    add(EQUAL, 1, 0, architecture)
    add(RETURN, 0, 0, KILL)  # the 32-bit entries of the kernel number their calls otherwise
    add(LOAD, 0, 0, 0)
    if architecture == X86_64:
        add(AT_LEAST, 0, 1, 0x40000000)
        add(RETURN, 0, 0, KILL)  # x32
    add(EQUAL, 0, 1, NUMBERS["clone3"][column])
    add(RETURN, 0, 0, ENOSYS)  # its flags lie in memory, out of reach; the C library falls back to clone
    one_of("clone", 0, THREAD_FLAGS, EPERM)
    one_of("close_range", 2, CLOSE_FLAGS, EPERM)
    one_of("ioctl", 1, IOCTLS[:3], ENOTTY)
    one_of("fcntl", 1, FCNTLS, EPERM)
    one_of("tgkill", 0, (process,), EPERM)  # abort and raise, and nobody else
    add(EQUAL, 0, 6, NUMBERS["prlimit64"][column])  # to read limits: both halves of the new one's address are 0
    add(LOAD, 0, 0, 32)
    add(EQUAL, 0, 3, 0)
    add(LOAD, 0, 0, 36)
    add(EQUAL, 0, 1, 0)
    add(RETURN, 0, 0, ALLOW)
    add(RETURN, 0, 0, EPERM)
    for number in (numbers[column] for numbers in ALLOWED.values()):
        if number is None:
            continue
        add(EQUAL, 0, 1, number)
        add(RETURN, 0, 0, ALLOW)
    add(RETURN, 0, 0, EPERM)
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


class _Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


def install_filter() -> None:
    """Allow the calls of the table, for all threads, for good."""
    raw = filter_program(*_machine(), os.getpid())
    code = ctypes.create_string_buffer(raw, len(raw))
    program = _Filter(len(raw) // 8, ctypes.addressof(code))
    SET_MODE_FILTER, THREADS_TOO = 1, 1
    _check(_call("seccomp", _LONG(SET_MODE_FILTER), _LONG(THREADS_TOO), ctypes.byref(program)), "seccomp")


# --- Landlock ------------------------------------------------------------------------------

WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, TRUNCATE = (
    2,
    4,
    8,
    16,
    32,
    128,
    256,
    1 << 14,
)
DEVICES = ("/dev/null", "/dev/urandom")


def install_landlock(readable: "list[str]", writable: "list[str]") -> int:
    """Files readable and writable only below these paths; no TCP, no abstract sockets, no signals outward.

    Returns the version of the kernel's interface, 0 where it has none (level A stands without it).
    """
    VERSION_FLAG = 1
    version = _call("landlock_create_ruleset", None, _LONG(0), _LONG(VERSION_FLAG))
    if version < 1:
        return 0
    files = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    network, scope = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    rules = struct.pack("<QQQ", files, network, scope)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _check(_call("landlock_create_ruleset", rules, _LONG(len(rules)), _LONG(0)), "Landlock")
    write = READ_FILE | READ_DIR | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG
    for paths, rights in (
        (readable, READ_FILE | READ_DIR),
        (writable, write | TRUNCATE),
        (DEVICES, READ_FILE | WRITE_FILE),
    ):
        for path in paths:
            _allow_path(ruleset, path, rights & files)
    _check(_call("landlock_restrict_self", _LONG(ruleset), _LONG(0)), "Landlock")
    os.close(ruleset)
    return version


def _allow_path(ruleset: int, path: str, rights: int) -> None:
    O_PATH, PATH_BENEATH = 0o10000000, 1
    try:
        descriptor = os.open(path, O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        rights &= WRITE_FILE | READ_FILE | TRUNCATE
    rule = struct.pack("<Qi", rights, descriptor)
    _check(_call("landlock_add_rule", _LONG(ruleset), _LONG(PATH_BENEATH), rule, _LONG(0)), f"Landlock, {path}")
    os.close(descriptor)


# --- giving things up ----------------------------------------------------------------------

CAPABILITIES = struct.pack("<Ii", 0x20080522, 0)  # version 3 of the kernel's structure, this process


def become(user: int) -> None:
    """Become an unprivileged user for good, without any capability."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    _check(
        _call("capset", CAPABILITIES, ctypes.create_string_buffer(24)), "capabilities"
    )  # setresuid would keep the inheritable ones


def die_with(parent: int) -> None:
    """Be killed when the judge goes, however it goes."""
    import signal

    PR_SET_PDEATHSIG = 1
    _check(_prctl(PR_SET_PDEATHSIG, signal.SIGKILL), "parent's death")
    if os.getppid() != parent:
        raise NotLocked("the judge has gone")


def lower_limits(limits: "dict[str, int]") -> None:
    """Resource limits by their names (RLIMIT_AS: bytes, ...), soft and hard the same.

    But for processor time: at its soft limit the program may say which line it is at; a second later it is killed.
    """
    import resource

    for name, value in limits.items():
        kind = getattr(resource, name, None)
        if kind is not None:
            most = value + (name == "RLIMIT_CPU")
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (min(value, most), most))


def lock(setup: "dict[str, object]") -> "dict[str, object]":
    """All the locks in order; returns which took hold. Raises NotLocked or OSError."""
    PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
    if setup["user"]:
        become(int(setup["user"]))  # type: ignore[call-overload]
    if setup["parent"]:
        die_with(int(setup["parent"]))  # type: ignore[call-overload]
    lower_limits(setup["limits"])  # type: ignore[arg-type]
    _check(_prctl(PR_SET_DUMPABLE, bool(setup["seen"])), "dumpable")
    _check(_prctl(PR_SET_NO_NEW_PRIVS, 1), "no new privileges")
    landlock = install_landlock(setup["readable"], setup["writable"])  # type: ignore[arg-type]
    if landlock < int(setup["landlock"]):  # type: ignore[call-overload]
        raise NotLocked(
            f"this level stands on Landlock {setup['landlock']} or newer; this kernel has {landlock or 'none'}"
        )
    _refuse_power()
    install_filter()
    _try_the_locks()
    return {"landlock": landlock, "seccomp": True, "user": os.getuid()}


def _refuse_power() -> None:
    """Raise NotLocked where this process still is root or has a capability."""
    if 0 in (*os.getresuid(), *os.getresgid()):
        raise NotLocked("the box is still root")
    sets = ctypes.create_string_buffer(24)
    _check(_call("capget", CAPABILITIES, sets), "capabilities")
    if any(sets.raw):
        raise NotLocked("the box still has capabilities")


def _try_the_locks() -> None:
    """Raise NotLocked where something that must be refused is not."""
    for what, attempt in (("fork", os.fork), ("exec", lambda: os.execv("/nowhere", ["/nowhere"]))):
        try:
            pid = attempt()
        except PermissionError:
            continue
        except OSError as error:
            raise NotLocked(f"{what} was not refused by the filter: {error}") from error
        if pid == 0:
            os._exit(0)
        raise NotLocked(f"{what} was allowed")


# --- running the program -------------------------------------------------------------------


class Status:
    """What the stub says to the judge: one JSON object a line."""

    def __init__(self, address: "list[object] | None") -> None:
        self._socket = None
        if address is not None:
            import socket

            host, port = address
            token = os.environ["SHEBER_ENDPOINT"].rpartition(":")[2]
            hello = json.dumps({"do": "hello", "token": token, "role": "stub"}).encode()
            self._socket = socket.create_connection((str(host), int(port)))  # type: ignore[call-overload]
            self._socket.sendall(struct.pack("<I", len(hello)) + hello)

    def say(self, **words: "object") -> None:
        """One line; a judge that has gone is no reason to fail."""
        line = status_line(words)
        try:
            if self._socket is not None:
                self._socket.sendall(line)
            else:
                os.write(STATUS, line)
        except OSError:
            pass


def status_line(words: "dict[str, object]") -> bytes:
    """Words for the judge as one line of JSON that it reads to the end.

    What would make it too long, or what JSON does not have, goes: first the text's id and values, then the end of
    the message.
    """
    try:
        line = json.dumps(words, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"
    except (ValueError, TypeError, RecursionError):  # what a program put into an error of its own
        line = b""
    if line and len(line) <= LONGEST_LINE:
        return line
    if "text" in words:
        return status_line({name: value for name, value in words.items() if name not in ("kind", "text")})
    message = str(words["message"])
    return status_line({**words, "message": message[: len(message) // 2]})


def arrange(channel: int, status: int) -> None:
    """The two descriptors to their places, everything else closed."""
    spare = [os.dup(channel), os.dup(status)]
    high = [os.dup2(descriptor, 60 + index) for index, descriptor in enumerate(spare)]
    for descriptor, place in zip(high, (CHANNEL, STATUS), strict=True):
        os.dup2(descriptor, place, inheritable=False)
    os.closerange(STATUS + 1, 65536)


def explained(error: BaseException, path: str) -> "dict[str, object]":
    """The error in the student's terms, the line of their program, and id and values of a sentence of ours."""
    line = error.lineno or 0 if isinstance(error, SyntaxError) and error.filename == path else 0
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == path:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    try:
        from sheber.client.messages import explain, told

        return {"message": explain(error, path), "line": line, **told(error)}
    except BaseException:  # an error whose own text fails, or no memory left for words
        return {"message": f"Line {line}: {type(error).__name__}", "line": line}


def run(path: str) -> "dict[str, object]":
    """Run the program as `__main__`; returns how it ended, in the words of the status line."""
    import builtins
    from types import ModuleType

    main = ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=builtins)
    sys.modules["__main__"] = main
    sys.argv = [path]
    try:
        with open(path, "rb") as file:
            source = file.read()
        exec(compile(source, path, "exec"), main.__dict__)
    except SystemExit as error:
        return _exited(error.code)
    except BaseException as error:
        words = explained(error, path)
        print(words["message"], file=sys.stderr, flush=True)
        ended = "memory" if isinstance(error, MemoryError) else "error"
        return {"ended": ended, **words, "message": str(words["message"])[:LONGEST_MESSAGE]}
    return {"ended": "finished"}


def _exited(code: object) -> "dict[str, object]":
    if code is None or code == 0:
        return {"ended": "finished"}
    from sheber.client.messages import ended_itself

    if not isinstance(code, int):
        print(code, file=sys.stderr, flush=True)
    text = ended_itself(code)
    return {"ended": "error", "message": str(text), "line": 0, "kind": "SystemExit", "text": text.form()}


def main() -> None:
    """Lock, run, report; the judge's argument says how."""
    setup = json.loads(sys.argv[1])
    try:
        if setup["descriptors"]:
            arrange(*setup["descriptors"])
        status = Status(setup["address"])
        layers = lock(setup) if setup["lock"] else {}
        if not setup["lock"] and os.name == "posix":
            lower_limits(setup["limits"])
        sys.path[:0] = setup["path"]  # before what else is installed: level C has that too
        if setup["probe"]:
            status.say(ready=True, **layers)
            return
        from sheber.client.messages import install_stdout_times

        install_stdout_times()
    except BaseException as error:  # all that goes wrong here is the judge's to know
        print(f"the box cannot be locked: {str(error) or type(error).__name__}", file=sys.stderr, flush=True)
        os._exit(70)
    status.say(ready=True, **layers)
    _tell_where(status, setup["program"])
    _finish(status, run(setup["program"]))


def _tell_where(status: Status, path: str) -> None:
    """When the processor time is used up, or the judge has waited long enough: say which line is being executed."""
    import signal
    import time

    from sheber.client.messages import stopped

    def tell(number: int, frame: "object") -> None:
        while frame is not None and frame.f_code.co_filename != path:  # type: ignore[attr-defined]
            frame = frame.f_back  # type: ignore[attr-defined]
        line = frame.f_lineno if frame is not None else 0  # type: ignore[attr-defined]
        print(stopped(line), file=sys.stderr, flush=True)
        status.say(ended="stopped", line=line, processor_s=time.process_time())
        os._exit(1)

    if hasattr(signal, "SIGXCPU"):
        signal.signal(signal.SIGXCPU, tell)


def _finish(status: Status, ending: "dict[str, object]") -> None:
    """As the interpreter ends: wait for threads, run what the client registered, then say how it was."""
    import atexit
    import threading
    import time

    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the program may have closed or replaced them
            stream.flush()
    status.say(**ending, processor_s=time.process_time())
    os._exit(0 if ending["ended"] == "finished" else 1)


if __name__ == "__main__":
    main()
