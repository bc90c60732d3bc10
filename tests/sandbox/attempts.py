"""Ways out of the sandbox, as Python that prints ESCAPED where it gets out.

Each is a name, the code, and what must be said where it fails: the right reason, not any failure. ``{...}`` fields are filled
with real things of this machine: a listening port, a secret file, a living process.
"""

CONNECT = "s = socket.socket(socket.{family}, socket.SOCK_STREAM); s.settimeout(3); s.connect({address}); print('ESCAPED')"
READ = "print('ESCAPED', open({path!r}).read())"
SYSCALL = "r = libc.{call}; e = ctypes.get_errno(); print('ESCAPED' if r >= 0 else os.strerror(e))"

PRELUDE = """
import ctypes, os, socket, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
def sh(command):
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    print('code', done.returncode, done.stdout, done.stderr)
def attempt():
{body}
try:
    attempt()
except BaseException as error:
    print(type(error).__name__, error)
"""


def program(code: str, **facts: object) -> str:
    """A whole program for an attempt."""
    for name, value in facts.items():
        code = code.replace("{" + name + "}", str(value))
    return PRELUDE.replace("{body}", "\n".join("    " + line for line in code.splitlines()))


def connect(family: str, address: str) -> str:
    return CONNECT.replace("{family}", family).replace("{address}", address)


def syscall(call: str) -> str:
    return SYSCALL.replace("{call}", call)


def number(x86_64: int, aarch64: int, *arguments: str) -> str:
    """A system call that the C library has no function for."""
    which = f"{{'x86_64': {x86_64}, 'aarch64': {aarch64}}}[os.uname().machine]"
    return syscall(f"syscall({', '.join([which, *arguments])})")


REFUSED = "Operation not permitted|EPERM|Errno 1]"
ABSENT = "No such file or directory|does not exist"
READ_ONLY = "Read-only file system"

# These work outside of the sandbox (shown by the test), and fail inside for the reason given.
POSSIBLE = [
    ("tcp to this machine", connect("AF_INET", "('127.0.0.1', {port})"), "Connection refused"),
    ("abstract unix socket", connect("AF_UNIX", "chr(0) + '{abstract}'"), "Connection refused"),
    ("unix socket file", connect("AF_UNIX", "'{folder}/socket'"), ABSENT),
    ("secret file", "print('ESCAPED', open('{folder}/secret').read())", ABSENT),
    ("secret through a link", "os.path.lexists('l') or os.symlink('{folder}/secret', 'l')\nprint('ESCAPED', open('l').read())", ABSENT),
    ("secret through ..", "print('ESCAPED', open('../../../../../..{folder}/secret').read())", ABSENT),
    ("another workspace", "print('ESCAPED', open('{folder}/other/kit/numbers.py').read())", ABSENT),
    ("the mirror with the fix", "sh('git --git-dir={mirror} log {future} -1 && echo ESCAPED')", "not a git repository"),
    ("fetching the mirror", "sh('git init -q f; git -C f fetch -q {mirror} && echo ESCAPED')", "not appear to be a git repository"),
    ("borrowing the mirror's objects", "sh('git init -q g; echo {mirror}/objects > g/.git/objects/info/alternates; git -C g cat-file -p {future} && echo ESCAPED')", "unable to normalize|Not a valid object"),
    ("signal to a process", "os.kill({pid}, 0); print('ESCAPED')", "ProcessLookupError"),
    ("memory of a process", "print('ESCAPED', open('/proc/{pid}/maps').read())", ABSENT),
    ("folder of a process", "print('ESCAPED', os.listdir('/proc/{pid}/cwd/'))", ABSENT),
    ("secret in the environment", "print('ESCAPED' if 'OUTSIDE_SECRET' in os.environ else 'clean')", "clean"),
    ("home folder", "print('ESCAPED', os.listdir('{home}'))", ABSENT),
    ("devices of this machine", "print('ESCAPED', os.stat('/dev/{device}'))", ABSENT),
    ("/sys", "print('ESCAPED', os.listdir('/sys/class'))", ABSENT),
    ("hidden memory in memfd", "os.memfd_create('x'); print('ESCAPED')", REFUSED),
    ("hidden memory in System V", syscall("shmget(0, 4096, 0o1600)") + "\nlibc.shmctl(r, 0, None)", REFUSED),
    ("key ring", number(248, 217, "b'user'", "b'x'", "b'y'", "1", "-3"), REFUSED),
    # not child.kill(): it takes the stop of a traced process for its end
    ("tracing a process", "child = subprocess.Popen(['sleep', '5'])\n" + syscall("ptrace(16, child.pid, 0, 0)") + "\nos.kill(child.pid, 9)", REFUSED),
]  # fmt: skip

# These need not work outside for everyone, and fail inside for the reason given.
IMPOSSIBLE = [
    ("tcp to the world", connect("AF_INET", "('192.0.2.1', 80)"), "Network is unreachable"),
    ("tcp6 to the world", connect("AF_INET6", "('2001:db8::1', 80)"), "Network is unreachable|Cannot assign|not supported"),
    ("name resolution", "print('ESCAPED', socket.getaddrinfo('example.org', 80))", "name resolution|not known|Errno -"),
    ("socket to the hypervisor", connect("AF_VSOCK", "(2, 1)"), REFUSED),
    ("raw packets", "socket.socket(17, socket.SOCK_RAW, 3); print('ESCAPED')", REFUSED),
    ("raw ip", "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); print('ESCAPED')", REFUSED),
    ("root of process 1", "print('ESCAPED', os.listdir('/proc/1/root{folder}'))", ABSENT + "|Permission denied"),
    ("environment of process 1", "t = open('/proc/1/environ').read(); print('ESCAPED' if 'OUTSIDE' in t else 'clean')", "clean|Permission denied"),
    ("other processes", "n = [p for p in os.listdir('/proc') if p.isdigit()]; print('ESCAPED' if len(n) > 6 else 'alone', n)", "alone"),
    ("open folders of the starter", "n = [os.readlink(f'/proc/self/fd/{f}') for f in range(3, 64) if os.path.lexists(f'/proc/self/fd/{f}')]\nprint('ESCAPED' if n else 'none', n)", "none"),
    ("passwords", "print('ESCAPED', open('/etc/shadow').read())", ABSENT),
    ("writing /usr", "open('/usr/bin/x', 'w'); print('ESCAPED')", READ_ONLY),
    ("writing /usr/local", "open('/usr/local/x', 'w'); print('ESCAPED')", READ_ONLY),
    ("writing /python", "open('/python/lib/x', 'w'); print('ESCAPED')", READ_ONLY),
    ("writing /tools", "open('/tools/view', 'w'); print('ESCAPED')", READ_ONLY + "|Permission denied"),
    ("removing a tool", "os.remove('/tools/hello'); print('ESCAPED')", READ_ONLY),
    ("writing /", "open('/x', 'w'); print('ESCAPED')", READ_ONLY),
    ("writing /etc", "open('/etc/ld.so.preload', 'w'); print('ESCAPED')", READ_ONLY),
    ("changing /etc/passwd", "open('/etc/passwd', 'a'); print('ESCAPED')", READ_ONLY),
    ("writing /dev", "open('/dev/x', 'w'); print('ESCAPED')", READ_ONLY),
    ("kernel settings", "open('/proc/sys/kernel/core_pattern', 'w').write('|x'); print('ESCAPED')", READ_ONLY + "|Permission denied"),
    ("magic keys", "open('/proc/sysrq-trigger', 'w').write('b'); print('ESCAPED')", READ_ONLY + "|Permission denied|No such file"),
    ("becoming root", "os.setuid(0); print('ESCAPED')", REFUSED + "|Invalid argument"),
    ("a set-uid program", "sh('cp /usr/bin/id i; chmod 6755 i; ./i -u | grep -x 0 && echo ESCAPED; echo still $(./i -u)')", "still 1000"),
    ("su", "sh('echo | su -c \"echo ESCAPED\" 2>&1')", "code 1"),
    ("a device file", "os.mknod('disk', 0o60600, os.makedev(254, 0)); print('ESCAPED')", REFUSED),
    ("hard link out", "os.link('/usr/bin/env', 'e'); print('ESCAPED')", "cross-device|Invalid cross"),
    ("mounting", syscall("mount(b'none', b'/tmp', b'tmpfs', 0, None)"), REFUSED),
    ("unmounting", syscall("umount2(b'/python', 2)"), REFUSED),
    ("another root", syscall("chroot(b'/tmp')"), REFUSED),
    ("new user space", syscall("unshare(0x10000000)"), REFUSED),
    ("new user space by clone", number(56, 220, "0x10000011", "0", "0", "0", "0"), "No space left|" + REFUSED),
    ("new user space by command", "sh('unshare --user --map-root-user echo ESCAPED')", "Operation not permitted|unshare failed"),
    ("joining a name space", "f = os.open('/proc/1/ns/net', 0)\n" + syscall("setns(f, 0)"), REFUSED + "|Permission denied"),
    ("file by handle", number(304, 265, "-100", "b'\\0' * 32", "0"), REFUSED),
    ("reading process memory", number(310, 270, "1", "0", "0", "0", "0", "0"), REFUSED),
    ("kernel programs", number(321, 280, "0", "0", "0"), REFUSED),
    ("performance events", number(298, 241, "0", "0", "0", "0", "0"), REFUSED),
    ("asynchronous calls", number(425, 425, "1", "b'\\0' * 128"), REFUSED),
    ("page faults", number(323, 282, "1"), REFUSED),
    ("new mount interface", number(430, 430, "b'tmpfs'", "0"), REFUSED),
    ("32-bit numbers of calls", "if os.uname().machine != 'x86_64': raise PermissionError('Operation not permitted')\n" + syscall("syscall(0x40000000 + 272, 0x10000000)"), REFUSED),
    ("typing into the terminal", "import fcntl, termios\nfcntl.ioctl(0, 0x5412, b'x'); print('ESCAPED')", REFUSED),
    ("opening the terminal", "os.open('/dev/tty', os.O_RDWR); print('ESCAPED')", "No such device"),
    ("more processes", "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999)); print('ESCAPED')", "not allowed to raise|exceeds|current limit"),
    ("more memory", "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1)); print('ESCAPED')", "not allowed to raise|exceeds|current limit"),
    ("later commits", "sh('git cat-file -p {future} && echo ESCAPED')", "Not a valid object name|could not get object"),
    ("lost objects", "sh('git fsck --lost-found --no-reflogs; git rev-list --all --objects | grep -c . ; git log --all --oneline | wc -l; git cat-file --batch-all-objects --batch | grep \"the fix\" && echo ESCAPED')", "code 1"),
    ("reflog, stash, tags, remotes", "sh('test -n \"$(git reflog | tail -n +2; git stash list; git tag; git remote; git branch | tail -n +2)\" && echo ESCAPED')", "code 1"),
    ("searching the gold patch", "sh('grep -rsl \"n % 2 == 0  # the fix\" /repo /tmp /tools /python/bin /etc /dev/shm /verdict /home /root /var /opt /mnt /srv && echo ESCAPED')", "code [12]"),
]  # fmt: skip
