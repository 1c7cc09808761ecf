#!/usr/bin/env python3
"""peerbench - measure terminal process monitors side by side.

  peerbench.py steady   --farm N [--threads T] [--churn R] [--keys K] [-m ...]
  peerbench.py startup  --farm N ...      time to the first screen of processes
  peerbench.py oneshot  --farm N ...      ps, pstree, procs, top -b
  peerbench.py syscalls --farm N ...      system calls per refresh
  peerbench.py report   FILE.json...      Markdown tables

Monitors: -m top,htop,... picks from PEERS below; -M 'NAME=COMMAND LINE' adds
any other (may repeat).  {home} in a command line is the run's fresh HOME.
Results are appended to --out (JSON).  See README.md for what each figure is.
Needs Linux and root (cgroup-v1 cpuacct or cgroup-v2 gives exact CPU time of
the monitor with all its threads and children; without, /proc is summed).
"""
import argparse, ctypes, fcntl, glob, json, os, pty, random, re, select, shlex
import shutil, signal, statistics, struct, subprocess, sys, tempfile, termios, time

HERE = os.path.dirname(os.path.abspath(__file__))
COLS, ROWS = 200, 50
GAP = 0.15            # seconds without output that separate two refreshes
now = time.monotonic

# name: (command, {file under HOME: content}); every one refreshes once a second
BTOP = {".config/btop/btop.conf": "#? Config file for btop v. 1.4.7\nupdate_ms = 1000\n"}
PEERS = {
    "floor":      (f"{HERE}/floor -m stat", {}),
    "floor-smc":  (f"{HERE}/floor -m smc", {}),
    "floor-keep": (f"{HERE}/floor -m keep", {}),
    "floor-probe": (f"{HERE}/floor -m probe", {}),
    "floor-kprobe": (f"{HERE}/floor -m kprobe", {}),
    "floor-dents": (f"{HERE}/floor -m dents", {}),
    "pscope":     (f"{HERE}/../target/release/pscope --interval 1s", {}),
    "top":        ("top -d 1", {}),
    "htop":       ("htop -d 10", {}),
    "btop":       ("btop", BTOP),
    "btm":        ("btm -r 1000", {}),
    "atop":       ("atop 1", {}),
    "glances":    ("glances -t 1", {}),
    "procs-W":    ("procs -W 1", {}),
}
ONESHOT = {
    "pscope ps":  f"{HERE}/../target/release/pscope ps",
    "pscope tree": f"{HERE}/../target/release/pscope tree",
    "floor -n1":  f"{HERE}/floor -n 1",
    "floor-smc -n1": f"{HERE}/floor -m smc -n 1",
    "ps aux":     "ps aux",
    "ps -eLf":    "ps -eLf",
    "pstree":     "pstree",
    "top -bn1":   "top -b -n1",
    "procs":      "procs",
}


# ---------------------------------------------------------------- farm
def build():
    for c in ("farm", "floor"):
        src, exe = f"{HERE}/{c}.c", f"{HERE}/{c}"
        if not os.path.exists(exe) or os.path.getmtime(exe) < os.path.getmtime(src):
            subprocess.run(["gcc", "-O2", "-w"] + (["-static"] if c == "farm" else []) + ["-o", exe, src], check=True)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG


class Farm:
    def __init__(self, a):
        self.args = [f"{HERE}/farm", str(a.farm), "--threads", str(a.threads), "--churn", str(a.churn), "--busy", str(a.busy)]

    def __enter__(self):
        self.p = subprocess.Popen(self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        line = self.p.stdout.readline().decode()
        want = int(self.args[1])
        if line != f"ready {want}\n":
            raise SystemExit(f"farm: wanted {want}, got {line!r}")
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.p.stdin.close()            # the farm kills and reaps its own tree
        try:
            self.p.wait(60)
        except subprocess.TimeoutExpired:
            self.p.kill()


def comms():
    """names of the running processes, to recognise a process table"""
    s = set()
    for f in glob.glob("/proc/[0-9]*/comm"):
        try:
            s.add(open(f).read().strip())
        except OSError:
            pass
    return {c for c in s if len(c) >= 4}


# ---------------------------------------------------------------- cgroup
class Group:
    """CPU time of a process with all its threads and children, exactly."""
    def __init__(self):
        self.dir = None
        name = f"peerbench-{os.getpid()}-{random.randrange(1 << 30)}"
        for base, usage in (("/sys/fs/cgroup/cpuacct", "cpuacct.usage"), ("/sys/fs/cgroup/cpu,cpuacct", "cpuacct.usage"),
                            ("/sys/fs/cgroup", "cpu.stat")):
            try:
                os.mkdir(f"{base}/{name}")
                if os.path.exists(f"{base}/{name}/{usage}"):
                    self.dir, self.usage = f"{base}/{name}", usage
                    return
                os.rmdir(f"{base}/{name}")
            except OSError:
                pass

    def enter(self):                    # called in the child
        if self.dir:
            with open(f"{self.dir}/cgroup.procs", "w") as f:
                f.write("0")

    def pids(self, root):
        if self.dir:
            return [int(x) for x in open(f"{self.dir}/cgroup.procs").read().split()]
        out, todo = [], [root]
        while todo:
            p = todo.pop()
            out.append(p)
            for f in glob.glob(f"/proc/{p}/task/*/children"):
                try:
                    todo += [int(x) for x in open(f).read().split()]
                except OSError:
                    pass
        return out

    def cpu(self, root):
        """seconds"""
        if self.dir:
            t = open(f"{self.dir}/{self.usage}").read()
            return int(t) / 1e9 if self.usage == "cpuacct.usage" else int(t.split()[1]) / 1e6
        s = 0
        for p in self.pids(root):
            try:
                f = open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()
                s += sum(map(int, f[11:15]))
            except OSError:
                pass
        return s / os.sysconf("SC_CLK_TCK")

    def usersys(self):
        try:
            return [int(open(f"{self.dir}/cpuacct.usage_{x}").read()) / 1e9 for x in ("user", "sys")]
        except (OSError, TypeError):
            return [0, 0]

    def close(self):
        if self.dir:
            for _ in range(50):
                try:
                    os.rmdir(self.dir)
                    return
                except OSError:
                    for p in self.pids(0):      # only what this run started
                        try:
                            os.kill(p, signal.SIGKILL)
                        except OSError:
                            pass
                    time.sleep(0.02)


# ---------------------------------------------------------------- pty session
QUERY = re.compile(rb"\x1b\[(\?|>|=)?([0-9;]*)(\$p|[cntqu])|\x1b\](1[0-2]|4;\d+);\?(?:\x07|\x1b\\)|\x1b\[\?([0-9;]*)([hl])")
ESC = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>78MDEHc]|[\x00-\x1f]")


class Session:
    def __init__(self, cmd, files=None):
        self.home = tempfile.mkdtemp(prefix="pb-home-")
        for f, text in (files or {}).items():
            os.makedirs(os.path.dirname(f"{self.home}/{f}"), exist_ok=True)
            open(f"{self.home}/{f}", "w").write(text)
        argv = [w.replace("{home}", self.home) for w in shlex.split(cmd)]
        env = {"HOME": self.home, "XDG_CONFIG_HOME": f"{self.home}/.config", "XDG_CACHE_HOME": f"{self.home}/.cache",
               "XDG_DATA_HOME": f"{self.home}/.local/share", "XDG_STATE_HOME": f"{self.home}/.local/state",
               "TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "USER": "root", "SHELL": "/bin/sh"}
        self.group = Group()
        self.bytes = self.bursts = 0
        self.last = 0.0                 # time of the last output
        self.tail = b""
        self.appcursor = False
        self.watch = None               # called with (time, bytes) of each chunk
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))
        self.t0 = now()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
                for fd in (0, 1, 2):
                    os.dup2(slave, fd)
                os.closerange(3, 256)
                die_with_parent()
                self.group.enter()
                os.execvpe(argv[0], argv, env)
            except BaseException as e:
                os.write(2, f"exec: {e}\n".encode())
            os._exit(127)
        os.close(slave)
        self.eof = False

    def send(self, b):
        try:
            os.write(self.master, b)
        except OSError:
            self.eof = True

    def answer(self, data):
        buf = self.tail + data
        end = 0
        for m in QUERY.finditer(buf):
            end = m.end()
            pre, arg, fin, osc, modes, hl = m.groups()
            if hl:
                if b"1" in modes.split(b";"):
                    self.appcursor = hl == b"h"
            elif osc:
                rgb = b"ffff/ffff/ffff" if osc == b"10" else b"0000/0000/0000"
                self.send(b"\x1b]" + osc + b";rgb:" + rgb + b"\x1b\\")
            elif fin == b"c" and arg in (b"", b"0"):
                self.send({None: b"\x1b[?62;22c", b">": b"\x1b[>41;354;0c"}.get(pre, b""))
            elif fin == b"n" and arg == b"6":
                self.send(b"\x1b[1;1R")
            elif fin == b"n" and arg == b"5":
                self.send(b"\x1b[0n")
            elif fin == b"t" and arg == b"18":
                self.send(b"\x1b[8;%d;%dt" % (ROWS, COLS))
            elif fin == b"$p" and pre == b"?":
                self.send(b"\x1b[?" + arg + b";0$y")
        buf = buf[end:]
        i = buf.rfind(b"\x1b", -24)
        self.tail = buf[i:] if i >= 0 else b""

    def pump(self, until, stop=None):
        """drain output until the time, or until stop() after some output"""
        while not self.eof:
            left = until - now()
            if left <= 0:
                return False
            if not select.select([self.master], [], [], left)[0]:
                return False
            t = now()
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            if not data:
                self.eof = True
                return False
            if t - self.last > GAP:
                self.bursts += 1
            self.last = t
            self.bytes += len(data)
            if b"\x1b" in data or self.tail:
                self.answer(data)
            if self.watch:
                self.watch(t, data)
            if stop and stop():
                return True
        return False

    def to_quiet(self, limit, quiet=GAP):
        """run until output has come and then stopped for a while"""
        end, b = now() + limit, self.bytes
        while now() < end and not self.eof:
            self.pump(min(end, max(self.last, now() if self.bytes == b else 0) + quiet))
            if self.bytes > b and now() - self.last >= quiet:
                return True
        return False

    def cpu(self):
        return self.group.cpu(self.pid)

    def state(self):
        """memory, descriptors, threads, context switches: summed over the processes"""
        d = dict(rss=0, peak_rss=0, pss=0, fds=0, mon_threads=0, vcs=0, ivcs=0, procs=0)
        for p in self.group.pids(self.pid):
            try:
                st = open(f"/proc/{p}/status").read()
                f = dict(re.findall(r"^(\w+):\s*(\d+)", st, re.M))
                d["rss"] += int(f.get("VmRSS", 0))
                d["peak_rss"] += int(f.get("VmHWM", 0))
                d["mon_threads"] += int(f.get("Threads", 0))
                d["procs"] += 1
                d["pss"] += int(re.search(r"^Pss:\s*(\d+)", open(f"/proc/{p}/smaps_rollup").read(), re.M)[1])
                d["fds"] += len(os.listdir(f"/proc/{p}/fd"))
                for t in os.listdir(f"/proc/{p}/task"):
                    s = open(f"/proc/{p}/task/{t}/status").read()
                    d["vcs"] += int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", s)[1])
                    d["ivcs"] += int(re.search(r"nonvoluntary_ctxt_switches:\s*(\d+)", s)[1])
            except (OSError, TypeError):
                pass
        return d

    def close(self):
        if not self.eof:
            self.send(b"q")
            self.pump(now() + 0.5)
        for sig in (signal.SIGTERM, signal.SIGKILL):
            try:
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    break
                os.kill(self.pid, sig)
            except OSError:
                break
            self.pump(now() + 0.4)
        self.group.close()
        os.close(self.master)
        try:
            os.waitpid(self.pid, os.WNOHANG)
        except OSError:
            pass
        shutil.rmtree(self.home, ignore_errors=True)


def machine_busy():
    f = [int(x) for x in open("/proc/stat").readline().split()[1:9]]
    return (sum(f) - f[3] - f[4]) / os.sysconf("SC_CLK_TCK"), f[7] / os.sysconf("SC_CLK_TCK")


def pct(v, q):
    v = sorted(v)
    return v[min(len(v) - 1, int(q * len(v)))] if v else None


# ---------------------------------------------------------------- measurements
def steady(name, spec, a):
    s = Session(*spec)
    try:
        s.pump(s.t0 + a.warm)
        s.to_quiet(8)
        if s.eof:
            return {"error": "exited early"}
        st0, (u0, y0), (mb0, steal0) = s.state(), s.group.usersys(), machine_busy()
        t0, c0, b0, r0 = now(), s.cpu(), s.bytes, s.bursts
        # a fixed window, then on to the end of the refresh under way; slow
        # monitors get more time, for at least 3 refreshes
        while now() - t0 < 30:
            s.to_quiet(3)
            if now() - t0 >= a.window and s.bursts - r0 >= 3 or s.eof:
                break
        dt, cpu = now() - t0, s.cpu() - c0
        by, ref = s.bytes - b0, s.bursts - r0
        st1, (u1, y1), (mb1, steal1) = s.state(), s.group.usersys(), machine_busy()
        hz = min(ref / dt, 1 / a.interval)
        r = dict(window_s=dt, bursts=ref, hz=hz, cpu_ms_per_s=cpu / dt * 1e3, cpu_ms_per_refresh=cpu / dt / hz * 1e3 if ref else None,
                 user_ms_per_s=(u1 - u0) / dt * 1e3, sys_ms_per_s=(y1 - y0) / dt * 1e3,
                 bytes_per_refresh=by / dt / hz if ref else 0, vcs_per_s=(st1["vcs"] - st0["vcs"]) / dt, ivcs_per_s=(st1["ivcs"] - st0["ivcs"]) / dt,
                 other_cpu=(mb1 - mb0 - cpu) / dt, steal=(steal1 - steal0) / dt,
                 **{k: st1[k] for k in ("rss", "peak_rss", "pss", "fds", "mon_threads", "procs")})
        if a.keys:
            r["keys_ms"] = keys(s, a.keys)
        return r
    finally:
        s.close()


def keys(s, n):
    rnd, out, end = random.Random(1), [], now() + 60
    for _ in range(n):
        if now() > end or s.eof:
            break
        s.pump(now() + rnd.uniform(0.03, 0.25))
        while now() - s.last < 0.005 and now() < end:      # not into output under way
            s.pump(s.last + 0.0051)
        t = now()
        s.send(b"\x1bOB" if s.appcursor else b"\x1b[B")
        out.append((s.last - t) * 1e3 if s.pump(t + 5, lambda: True) else 5000.0)
    return out


def startup(name, spec, a):
    known, seen, r = a.known, set(), {}
    s = Session(*spec)
    text = [b""]

    def watch(t, data):
        r.setdefault("first_byte_ms", (t - s.t0) * 1e3)
        text[0] = (text[0] + data)[-200000:]
        plain = ESC.sub(b" ", text[0])
        if "farm_ms" not in r and b"farm-" in plain:
            r["farm_ms"] = (t - s.t0) * 1e3
        if "table_ms" not in r:
            seen.update(w for w in re.findall(r"[\w./:+@-]{4,}", plain.decode("utf8", "replace")) if w in known)
            if len(seen) >= 8:
                r["table_ms"], r["table_cpu_ms"] = (t - s.t0) * 1e3, s.cpu() * 1e3
    s.watch = watch
    try:
        s.pump(s.t0 + 10, lambda: "table_ms" in r and "farm_ms" in r or ("table_ms" in r and now() - s.t0 > 3))
        return r
    finally:
        s.close()


def oneshot(name, spec, a):
    g = Group()
    env = {**os.environ, "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    with tempfile.TemporaryFile() as out, open("/dev/null") as null:
        t = now()
        p = subprocess.Popen(shlex.split(spec[0]), stdin=null, stdout=out, stderr=subprocess.DEVNULL, env=env,
                             preexec_fn=lambda: (die_with_parent(), g.enter()))
        _, status, ru = os.wait4(p.pid, 0)
        wall = now() - t
        p.returncode = status
        # the child starts as a copy of this process: its peak counts only above
        own = int(re.search(r"VmHWM:\s*(\d+)", open("/proc/self/status").read())[1])
        r = dict(wall_ms=wall * 1e3, cpu_ms=g.cpu(p.pid) * 1e3, peak_rss=ru.ru_maxrss if ru.ru_maxrss > own + 512 else None, bytes=os.fstat(out.fileno()).st_size, status=status)
    g.close()
    return r


def syscalls(name, spec, a):
    s = Session(*spec)
    try:
        s.pump(s.t0 + a.warm)
        s.to_quiet(8)
        pids = ",".join(map(str, s.group.pids(s.pid)))
        # the exact count first, by a counter that does not slow the monitor;
        # it attaches between two refreshes
        t0, r0 = now(), s.bursts
        cnt = subprocess.Popen(["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", pids], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        while now() - t0 < 30:
            s.to_quiet(3)
            if now() - t0 >= a.window and s.bursts - r0 >= 3 or s.eof:
                break
        cnt.send_signal(signal.SIGINT)
        dt = now() - t0
        m = re.search(r"^(\d+),", cnt.communicate()[1].decode(), re.M)
        ref = max(s.bursts - r0, 1)
        # then the shares of each call, by a tracer that does
        out = tempfile.mktemp(prefix="pb-trace-")
        p = subprocess.Popen(["perf", "trace", "-s", "-m", "16M", "-p", pids, "-o", out], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        s.pump(now() + 5)
        p.send_signal(signal.SIGINT)
        while p.poll() is None:         # keep draining the monitor meanwhile
            s.pump(now() + 0.1)
        tally = {}
        for line in open(out):
            w = re.match(r"\s+([a-z_0-9]+)\s+(\d+)\s+(\d+)\s+([\d.]+)\s", line)
            if w:
                c, ms = tally.get(w[1], (0, 0))
                tally[w[1]] = (c + int(w[2]), ms + float(w[4]))
        os.unlink(out)
        hz = ref / dt
        total = int(m[1]) if m else 0
        traced = sum(c for c, _ in tally.values()) or 1
        # shares from the trace, scaled to the exact count
        per = total / (ref if ref / dt < 1.2 / a.interval else dt / a.interval)
        top = {k: c / traced * per for k, (c, _) in sorted(tally.items(), key=lambda x: -x[1][0])[:12]}
        return dict(per_refresh=per, hz=hz, top=top)
    finally:
        s.close()


# ---------------------------------------------------------------- report
def med(v):
    v = [x for x in v if x is not None]
    return statistics.median(v) if v else None


def fmt(x, d=1):
    return "–" if x is None else f"{x:,.{d}f}" if d else f"{x:,.0f}"


def mb(v):
    m = med(v)
    return "< 16" if m is None else fmt(m / 1024)


def span(v, d=1):
    v = [x for x in v if x is not None]
    return f"{fmt(statistics.median(v), d)} ({fmt(min(v), d)}–{fmt(max(v), d)})" if v else "–"


def report(files):
    runs = [r for f in files for r in json.load(open(f))]
    groups = {}
    for r in runs:
        groups.setdefault((r["kind"], r["farm"], r["threads"], r["churn"], r.get("run", "")), {}).setdefault(r["name"], []).append(r)
    out = []
    for (kind, n, t, churn, run), by in groups.items():
        head = f"{n:,} processes" + (f" × {t} threads" if t > 1 else "") + (f", {churn} forks/s" if churn else "") + (f" ({run})" if run else "")
        ok = {k: [x for x in v if not x.get("error")] for k, v in by.items()}
        ok = {k: v for k, v in ok.items() if v}
        if kind == "steady":
            base = med([x["cpu_ms_per_refresh"] for x in ok.get("floor", [])])
            out += [f"\n### Steady state, {head}\n",
                    "| monitor | CPU ms/refresh, median (min–max) | ratio to floor | CPU ms/s | user/sys % | refresh Hz | peak RSS MB | PSS MB | KB/refresh | ctx sw/s | threads | fds | key ms p50 / p95 / max | other CPU |",
                    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
            for k, v in sorted(ok.items(), key=lambda kv: med([x["cpu_ms_per_refresh"] for x in kv[1]]) or 0):
                c = [x["cpu_ms_per_refresh"] for x in v]
                ks = [y for x in v for y in x.get("keys_ms") or []]
                us = sum(x["user_ms_per_s"] for x in v)
                us = us / ((us + sum(x["sys_ms_per_s"] for x in v)) or 1) * 100
                key = f"{fmt(pct(ks, .5))} / {fmt(pct(ks, .95))} / {fmt(max(ks))}" if ks else "–"
                out.append(f"| {k} | {span(c)} | {fmt(med(c) / base, 2) if base and med(c) else '–'} | {fmt(med([x['cpu_ms_per_s'] for x in v]))} | {us:.0f}/{100 - us:.0f} | {fmt(med([x['hz'] for x in v]), 2)} "
                           f"| {fmt(med([x['peak_rss'] for x in v]) / 1024)} | {fmt(med([x['pss'] for x in v]) / 1024)} | {fmt(med([x['bytes_per_refresh'] for x in v]) / 1024)} "
                           f"| {fmt(med([x['vcs_per_s'] + x['ivcs_per_s'] for x in v]), 0)} | {fmt(med([x['mon_threads'] for x in v]), 0)} | {fmt(med([x['fds'] for x in v]), 0)} | {key} | {fmt(med([x['other_cpu'] for x in v]) * 100, 0)} % |")
        elif kind == "startup":
            out += [f"\n### Startup, {head} (ms after exec, median (min–max))\n",
                    "| monitor | first byte | process table on screen | a farm process on screen | CPU ms up to the table |", "|---|---|---|---|---|"]
            for k, v in sorted(ok.items(), key=lambda kv: med([x.get("table_ms") for x in kv[1]]) or 1e9):
                out.append("| " + k + " | " + " | ".join(span([x.get(f) for x in v], 0) for f in ("first_byte_ms", "table_ms", "farm_ms", "table_cpu_ms")) + " |")
        elif kind == "oneshot":
            base = med([x["cpu_ms"] for x in ok.get("floor -n1", [])])
            out += [f"\n### One-shot, {head}\n", "| command | wall ms | CPU ms | CPU ratio to floor | peak RSS MB | KB out |", "|---|---|---|---|---|---|"]
            for k, v in sorted(ok.items(), key=lambda kv: med([x["cpu_ms"] for x in kv[1]])):
                c = med([x["cpu_ms"] for x in v])
                out.append(f"| {k} | {span([x['wall_ms'] for x in v], 0)} | {span([x['cpu_ms'] for x in v])} | {fmt(c / base, 2) if base else '–'} | {mb([x['peak_rss'] for x in v])} | {fmt(med([x['bytes'] for x in v]) / 1024)} |")
        elif kind == "syscalls":
            out += [f"\n### System calls per refresh, {head}\n", "| monitor | per refresh | per process | most frequent |", "|---|---|---|---|"]
            for k, v in sorted(ok.items(), key=lambda kv: kv[1][0]["per_refresh"]):
                x = v[-1]
                out.append(f"| {k} | {fmt(x['per_refresh'], 0)} | {x['per_refresh'] / n:.1f} | {', '.join(f'{s} {fmt(c, 0)}' for s, c in list(x['top'].items())[:8])} |")
    return "\n".join(out) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("kind", choices=["steady", "startup", "oneshot", "syscalls", "report"])
    p.add_argument("files", nargs="*")
    p.add_argument("--farm", type=int, default=2000)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--churn", type=int, default=0)
    p.add_argument("--busy", type=int, default=8)
    p.add_argument("--reps", type=int, default=3)
    p.add_argument("--warm", type=float, default=3)
    p.add_argument("--window", type=float, default=8)
    p.add_argument("--interval", type=float, default=1, help="the monitors' refresh interval, seconds")
    p.add_argument("--keys", type=int, default=0, help="Down-arrows to time after the window")
    p.add_argument("-m", "--monitors", default="")
    p.add_argument("-M", "--monitor", action="append", default=[], metavar="NAME=COMMAND")
    p.add_argument("--shared", action="store_true", help="no PID namespace of its own: other processes count too")
    p.add_argument("--out", default="results.json")
    a = p.parse_args()
    if a.kind == "report":
        print(report(a.files))
        return
    build()
    if os.geteuid() == 0 and not a.shared and not os.environ.get("PEERBENCH_INNER"):
        # own PID namespace and /proc: N is exact whatever else the machine
        # runs, and the kernel ends everything in it with the harness
        os.environ["PEERBENCH_INNER"] = "1"
        os.execvp("unshare", ["unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv])
    src = {k: (c, {}) for k, c in ONESHOT.items()} if a.kind == "oneshot" else PEERS
    names = [n for n in a.monitors.split(",") if n] or ([] if a.monitor else list(src))
    todo = [(n, src[n]) for n in names]
    for m in a.monitor:
        n, c = m.split("=", 1)
        todo.append((n, (c, {})))
    todo = [(n, s) for n, s in todo if shutil.which(shlex.split(s[0])[0])]
    runs = json.load(open(a.out)) if os.path.exists(a.out) else []
    with Farm(a):
        a.known = comms() if a.kind == "startup" else None
        for rep in range(a.reps):
            for name, spec in todo if rep % 2 == 0 else todo[::-1]:     # A B, B A, A B
                r = globals()[a.kind](name, spec, a)
                r.update(kind=a.kind, name=name, rep=rep, farm=a.farm, threads=a.threads, churn=a.churn, cmd=spec[0], time=time.time())
                runs.append(r)
                short = {k: round(v, 1) if isinstance(v, float) else v for k, v in r.items()
                         if k in ("error", "cpu_ms_per_refresh", "hz", "other_cpu", "table_ms", "farm_ms", "wall_ms", "cpu_ms", "per_refresh")}
                print(f"{a.kind} N={a.farm} rep={rep} {name}: {short}", flush=True)
                with open(a.out + ".tmp", "w") as f:
                    json.dump(runs, f, indent=1)
                os.replace(a.out + ".tmp", a.out)


if __name__ == "__main__":
    main()
