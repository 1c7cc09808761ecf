#!/usr/bin/env python3
"""Makes the pictures of the README: pscope beside some load, in a pid namespace of its own, saves its own screen.

    sudo assets/pictures.py /usr/bin/pscope     (the path is in a picture)

Needs Python, util-linux (unshare) and root, for the namespace and so that every switch is seen. Nothing of the machine but
its cores and its memory is in the pictures: processes are those of the script, the host is called `demo`.
"""
import fcntl, os, pty, select, shutil, struct, subprocess, sys, tempfile, termios, time

HERE = os.path.dirname(os.path.abspath(__file__))
ESC, ENTER, DOWN = "\x1b", "\r", "\x1b[B"

# What runs beside it: a build, a pipeline, a server with threads that wait for each other, some that sleep.
LOAD = [
    ["bash", "-c", "exec -a make bash -c 'one() { while :; do (exec -a cc1 gzip -9c /usr/bin/bash >/dev/null); (exec -a as gzip -6c /usr/bin/bash >/dev/null); done; }; one & one & wait'"],
    ["bash", "-c", "exec -a backup bash -c 'while :; do tar -cf - /usr/lib 2>/dev/null | gzip -1 | sha256sum; done'"],
    ["python3", "server.py"],
    ["bash", "-c", "exec -a worker-pool bash -c 'for i in 1 2 3 4 5 6; do sleep 1000 & done; wait'"],
    ["bash", "-c", "sleep 1000 | cat | cat"],
]
SERVER = """import threading, time, socket
lock = threading.Lock(); server = socket.create_server(("127.0.0.1", 8080)); blocks = []
def hold():
    while True:
        with lock: time.sleep(0.3)
def work():
    while True:
        with lock: blocks.append(bytearray(b"x" * (1 << 18))); del blocks[:-400]
def spin():
    while True:
        sum(range(20000)); time.sleep(0.002)
for job in (hold, work, work, spin, server.accept): threading.Thread(target=job, daemon=True).start()
time.sleep(1000)
"""

# Name, size, keys; a number waits so many seconds.
PICTURES = [
    ("dashboard", (150, 42), [40]),
    ("memory", (150, 42), ["/server", ENTER, 2, ENTER, "m", 8]),
    ("signal", (120, 36), ["/backup", ENTER, 2, "s", 2, DOWN, 1]),
    ("cpu", (150, 42), ["2", 30]),
]


def inside(program):
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LC_ALL="C.UTF-8", HOME="/nonexistent")
    subprocess.run(["hostname", "demo"], check=True)
    here = tempfile.mkdtemp(prefix="demo")
    os.chdir(here)
    with open("server.py", "w") as file:
        file.write(SERVER)
    load = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) for c in LOAD]
    try:
        for name, size, keys in PICTURES:
            picture(program, name, size, keys)
    finally:
        for child in load:
            os.killpg(child.pid, 9)
        shutil.rmtree(here)


def picture(program, name, size, keys):
    path = os.path.join(HERE, name + ".svg")
    if os.path.exists(path):
        os.remove(path)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(program, [program])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def drain(seconds):
        end = time.time() + seconds
        while time.time() < end:
            if select.select([terminal], [], [], max(0.0, end - time.time()))[0]:
                try:
                    heard = os.read(terminal, 65536)
                except OSError:
                    return
                # The terminal is dark.
                if b"\x1b]11;?" in heard:
                    os.write(terminal, b"\x1b]11;rgb:1616/1818/1c1c\x1b\\")

    drain(3)
    for key in keys:
        if isinstance(key, (int, float)):
            drain(key)
        else:
            os.write(terminal, key.encode())
            drain(0.3)
    # Ctrl-s, Ctrl-u: also where a dialog is open.
    os.write(terminal, b"\x13")
    drain(0.5)
    os.write(terminal, b"\x15" + path.encode() + b"\r")
    drain(1.5)
    os.write(terminal, b"\x03")
    drain(0.5)
    os.close(terminal)
    os.waitpid(pid, 0)
    os.chmod(path, 0o644)
    print(path, os.path.getsize(path), "bytes")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--inside":
        inside(sys.argv[2])
    elif len(sys.argv) == 2:
        program = os.path.abspath(sys.argv[1])
        os.chdir(HERE)
        os.execvp("unshare", ["unshare", "--pid", "--fork", "--mount-proc", "--uts", "--cgroup", "--kill-child", sys.executable, os.path.basename(__file__), "--inside", program])
    else:
        sys.exit(__doc__)
