"""seccomp (`seccomp(2)`): the kernel refuses a process what no decoder needs: sockets, programs, others' memory.

Refused calls answer EPERM, and libraries go on without. The list names what is refused: what ONNX Runtime and CUDA need
differs by version and driver, and a list of all that would break with each.
"""

import ctypes
import os
import platform
import struct

from .kernel import syscall

# Name, number on x86-64, on 64-bit Arm (-: not there). From the kernel's tables.
_TABLE = """
socket 41 198; socketpair 53 199; connect 42 203; bind 49 200; listen 50 201; accept 43 202;
accept4 288 242; execve 59 221; execveat 322 281; fork 57 -; vfork 58 -; ptrace 101 117;
process_vm_readv 310 270; process_vm_writev 311 271; kcmp 312 272; kill 62 129; tkill 200 130;
rt_sigqueueinfo 129 138; rt_tgsigqueueinfo 297 240; pidfd_open 434 434; pidfd_getfd 438 438;
pidfd_send_signal 424 424; process_madvise 440 440; mount 165 40; umount2 166 39; pivot_root 155 41;
chroot 161 51; move_mount 429 429; open_tree 428 428; fsopen 430 430; fsmount 432 432;
mount_setattr 442 442; unshare 272 97; setns 308 268; mknod 133 -; mknodat 259 33;
open_by_handle_at 304 265; name_to_handle_at 303 264; bpf 321 280; perf_event_open 298 241;
userfaultfd 323 282; io_uring_setup 425 425; io_uring_enter 426 426; io_uring_register 427 427;
keyctl 250 219; add_key 248 217; request_key 249 218; init_module 175 105; finit_module 313 273;
delete_module 176 106; kexec_load 246 104; reboot 169 142; swapon 167 224; swapoff 168 225;
settimeofday 164 170; clock_settime 227 112; adjtimex 159 171; shmget 29 194; shmat 30 196;
msgget 68 186; semget 64 190
"""
_REFUSED = [entry.split() for entry in _TABLE.split(";")]
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
# These may be called for oneself and for nothing else.
_TGKILL, _PRLIMIT, _CLONE, _CLONE3 = (234, 131), (302, 261), (56, 220), 435
_X32 = 0x40000000
_THREAD = 0x10000
_EPERM, _ENOSYS = 1, 38
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_SECCOMP = (317, 277)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def _refuse(number: int, error: int = _EPERM) -> bytes:
    return _step(_EQUAL, number, 0, 1) + _step(_RETURN, _ERROR | error)


def _only(number: int, *tests: tuple[int, int]) -> bytes:
    """Allow the call where one of the tests holds for its first argument, and refuse it otherwise."""
    count = len(tests)
    steps = [_step(code, value, count - at, 0) for at, (code, value) in enumerate(tests)]
    checks = _step(_LOAD, _FIRST_ARGUMENT) + b"".join(steps)
    checks += _step(_RETURN, _ERROR | _EPERM) + _step(_RETURN, _ALLOW)
    return _step(_EQUAL, number, 0, len(checks) // 8) + checks


def program(machine: str, pid: int) -> bytes:
    """Return the filter for a process `pid` on `machine`, as instructions of 8 bytes.

    Raises:
        OSError: the numbers of its system calls are not known here.
    """
    if machine not in _MACHINES:
        raise OSError(f"No list of system calls for {machine}.")
    column, architecture = _MACHINES[machine]
    steps = [_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, architecture, 1, 0), _step(_RETURN, _KILL)]
    steps.append(_step(_LOAD, _NUMBER))
    if not column:
        steps += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _ERROR | _EPERM)]
    numbers = (entry[1 + column] for entry in _REFUSED)
    steps += [_refuse(int(number)) for number in numbers if number != "-"]
    # The C library then makes its threads by clone, whose flags can be read here.
    steps.append(_refuse(_CLONE3, _ENOSYS))
    steps.append(_only(_CLONE[column], (_ANY_BIT, _THREAD)))
    steps.append(_only(_TGKILL[column], (_EQUAL, pid)))
    steps.append(_only(_PRLIMIT[column], (_EQUAL, 0), (_EQUAL, pid)))
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def restrict() -> None:
    """Put the filter on all threads of this process, for good; `no_new_privs` must be set.

    Raises:
        OSError: the kernel refuses, or this machine is not known.
    """
    machine = platform.machine()
    steps = program(machine, os.getpid())
    given = _Program(len(steps) // 8, steps)
    column, _ = _MACHINES[machine]
    if stuck := syscall(_SECCOMP[column], _SET_MODE_FILTER, _ALL_THREADS, given):
        raise OSError(f"Thread {stuck} cannot be restricted.")
