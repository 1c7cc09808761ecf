#!/usr/bin/env python3
"""Measures how long pscope takes to show another moment, in a terminal of its own.

    leaps.py [--leaps 40] PROGRAM replay FILE      a recording: the first frame, then leaps to moments all over it
    leaps.py [--live SECONDS] PROGRAM [ARGUMENTS]  the live screen: stops time after so many seconds, then leaps

Of each it tells the median and the greatest: until the screen has been written, and what of that the program was on a core
(/proc/PID/task/*/schedstat), which other load does not change.
"""
import fcntl, os, pty, random, select, signal, struct, sys, termios, time


def on_core(pid):
    total = 0
    for tid in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(open(f"/proc/{pid}/task/{tid}/schedstat").read().split()[0])
        except OSError:
            pass
    return total / 1e6


def main():
    args, leaps, live = sys.argv[1:], 40, None
    while args and args[0].startswith("--"):
        name, value = args.pop(0), args.pop(0)
        if name == "--leaps":
            leaps = int(value)
        elif name == "--live":
            live = float(value)
    if not args:
        sys.exit(__doc__)
    began = time.monotonic()
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execvp(args[0], args)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 48, 160, 0, 0))

    def settle(first, quiet=0.4):
        """Reads until nothing has come for a while; answers when the last came."""
        last, limit = None, first + 20
        while time.monotonic() < limit:
            ready, _, _ = select.select([fd], [], [], quiet if last else 5)
            if not ready:
                break
            data = os.read(fd, 1 << 16)
            if b"\x1b[c" in data or b"\x1b[6n" in data:
                os.write(fd, b"\x1b[?62c\x1b[1;1R")
            last = time.monotonic()
        return last or first

    try:
        print(f"first frame {1000 * (settle(began) - began):.0f} ms after the start, "
              f"{on_core(pid):.0f} ms on a core")
        if live is not None:
            end = time.monotonic() + live
            while time.monotonic() < end:
                select.select([fd], [], [], 0.2)[0] and os.read(fd, 1 << 16)
            os.write(fd, b"p")
            settle(time.monotonic())
        dice = random.Random(7)
        until, core = [], []
        for leap in range(leaps):
            span = live if live is not None else 3500
            os.write(fd, b":")
            settle(time.monotonic())
            os.write(fd, b"-%ds" % dice.randrange(1, max(2, int(span))))
            settle(time.monotonic())
            before, began = on_core(pid), time.monotonic()
            os.write(fd, b"\r")
            until.append(1000 * (settle(began) - began))
            core.append(on_core(pid) - before)
        for name, all in (("until it is shown", until), ("on a core", core)):
            all = sorted(all)
            print(f"{name}: median {all[len(all) // 2]:.1f} ms, most {all[-1]:.1f} ms of {leaps} leaps")
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


main()
