"""A seccomp filter for what namespaces do not separate: key rings, vsock, tracing, anonymous files, new
mounts.

Memory that belongs to no process (memfd, System V segments) would also pass the watchdog unseen, so its
calls are refused too. The filter is classic BPF, as seccomp(2) describes it, written out because it is
shorter than a library.
"""

import platform
import struct

from scripts.errors import UserError

# audit architecture, then call numbers from the kernel's tables (arch/x86/entry/syscalls,
# include/uapi/asm-generic).
_SHARED = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
           "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "mount_setattr": 442,
           "memfd_secret": 447}  # fmt: skip
_X86_64 = {"shmget": 29, "msgget": 68, "ptrace": 101, "syslog": 103, "pivot_root": 155, "chroot": 161, "mount": 165,
           "umount2": 166, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298,
           "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310,
           "process_vm_writev": 311, "memfd_create": 319, "bpf": 321, "userfaultfd": 323}  # fmt: skip
_AARCH64 = {"umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "unshare": 97, "syslog": 116, "ptrace": 117,
            "msgget": 186, "shmget": 194, "add_key": 217, "request_key": 218, "keyctl": 219, "perf_event_open": 241,
            "name_to_handle_at": 264, "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270,
            "process_vm_writev": 271, "memfd_create": 279, "bpf": 280, "userfaultfd": 282}  # fmt: skip
_MACHINES = {
    "x86_64": (0xC000003E, _X86_64, {"ioctl": 16, "socket": 41}),
    "aarch64": (0xC00000B7, _AARCH64, {"ioctl": 29, "socket": 198}),
}
_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink: all separated by the network namespace; vsock is not
_TERMINAL = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX put characters into the terminal's input

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_NUMBER, _ARCHITECTURE, _ARGUMENT = (
    0,
    4,
    (16, 24),
)  # offsets into struct seccomp_data; low words on little endian

Instruction = tuple[int, int, int, int]


def program(machine: str = platform.machine()) -> bytes:
    """The filter for this machine, as bwrap reads it; a UserError where the machine's call numbers are not
    known.
    """
    if machine not in _MACHINES:
        raise UserError(
            "sandbox", f"no system-call filter for {machine}", f"use one of {', '.join(_MACHINES)}"
        )
    architecture, numbers, inspected = _MACHINES[machine]
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        code += [
            (_AT_LEAST, 0, 1, 0x40000000),
            (_RETURN, 0, 0, _REFUSE),
        ]  # the x32 numbers would go round the list
    for number in sorted({**_SHARED, **numbers}.values()):
        code += _when(number, [(_RETURN, 0, 0, _REFUSE)])
    code += _when(inspected["socket"], _argument(0, _FAMILIES, inside=_ALLOW, outside=_REFUSE))
    code += _when(inspected["ioctl"], _argument(1, _TERMINAL, inside=_REFUSE, outside=_ALLOW))
    code += [(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def _when(number: int, block: list[Instruction]) -> list[Instruction]:
    return [(_EQUAL, 0, len(block), number), *block]


def _argument(index: int, values: tuple[int, ...], inside: int, outside: int) -> list[Instruction]:
    code: list[Instruction] = [(_LOAD, 0, 0, _ARGUMENT[index])]
    for value in values:
        code += _when(value, [(_RETURN, 0, 0, inside)])
    return [*code, (_RETURN, 0, 0, outside)]
