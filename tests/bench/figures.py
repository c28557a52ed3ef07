"""What the benches share: a bot to measure, servers to compare with, wrk, how figures are shown."""
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

failures = []			# of this program, in order
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/process"))
import harness		# pylint: disable=wrong-import-position


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def show(what, figure, target=""):
    print("%-58s %18s   %s" % (what, figure, target), flush=True)


@contextlib.contextmanager
def new_bot(**env):
    """In a folder of its own, which KEEP=1 keeps; its processes end with it."""
    bot = harness.Bot(tempfile.mkdtemp(prefix="tb-bench-"), **env)
    try:
        yield bot
    finally:
        for process in bot.processes:
            process.popen.kill()
            process.popen.wait()
        if os.environ.get("KEEP"):
            print(bot.folder)
        else:
            shutil.rmtree(bot.folder, ignore_errors=True)


@contextlib.contextmanager
def failures_shown(what, bot):
    """A figure that can't be taken is said, and the others are taken."""
    try:
        yield
    except Exception as error:		# pylint: disable=broad-exception-caught
        show(what, "failed", "%s: %s" % (type(error).__name__, error))
        failures.append("%s: %s" % (what, error))
        bot.show_logs()


def first_failure():
    """To be said at the end, where it is seen. None: there is none; else the program ends with 1."""
    return "bench: %d parts failed, first %s" % (len(failures), failures[0]) if failures else None


def started(bot):
    bot.start()
    harness.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)


def resident(pid):
    """MB."""
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s*(\d+)", f.read()).group(1)) / 1024


def cpu_us(pid):
    """Processor time of all threads so far, as the scheduler counts it."""
    total = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, thread), encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1000


class Rate:
    """Requests/s of several runs, and the server's processor time per request."""

    def __init__(self):
        self.per_s = []
        self.cpu = []

    def median(self):
        return statistics.median(self.per_s)

    def cpu_us(self):
        return statistics.median(self.cpu)


def wrk(url, pid, rate, token=None, script=None, seconds=3, connections=32):
    """One run of wrk against the server "pid"; its figures go to "rate"."""
    command = ["wrk", "-t1", "-c%d" % connections, "-d%ds" % seconds]
    if token:
        command += ["-H", "Authorization: Bearer " + token]
    if script:
        command += ["-s", os.path.join(ROOT, "tests/bench", script)]
    before = cpu_us(pid)
    run = subprocess.run(command + [url], capture_output=True, text=True, check=False)
    text = run.stdout
    used = cpu_us(pid) - before
    if run.returncode:
        raise RuntimeError("wrk ended with %d on %s: %s%s" % (run.returncode, url, text, run.stderr))
    # a timeout is no error here: a slow server needs more than wrk's 2 s for 32 at once
    if "Non-2xx" in text or re.search(r"(connect|read|write) [1-9]", text):
        raise RuntimeError(text)
    rate.per_s.append(float(re.search(r"Requests/sec:\s*([\d.]+)", text).group(1)))
    rate.cpu.append(used / int(re.search(r"(\d+) requests in", text).group(1)))


class Server:
    """A process that serves at http://127.0.0.1:PORT until ended."""

    def __init__(self, port, command, **kw):
        self.base = "http://127.0.0.1:%d" % port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, **kw)
        self.pid = self.process.pid

    def wait(self, path, token=None):
        command = ["curl", "-sf", "-o", "/dev/null", self.base + path]
        if token:
            command += ["-H", "Authorization: Bearer " + token]
        harness.wait(lambda: subprocess.run(command, check=False).returncode == 0,
                     "%s answers" % self.process.args[0], 20)
        return self

    def end(self):
        self.process.kill()
        self.process.wait()


def nginx(folder, files):
    """One process that serves the given texts by their names. None: not installed."""
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    if not os.path.exists(binary):
        return None
    port = harness.free_port()
    root = os.path.join(folder, "nginx")
    os.mkdir(root)
    os.chmod(folder, 0o755)
    for name, text in files.items():
        with open(os.path.join(root, name), "w", encoding="utf-8") as f:
            f.write(text)
    config = os.path.join(root, "nginx.conf")
    with open(config, "w", encoding="ascii") as f:
        f.write("""daemon off; master_process off; pid %(d)s/nginx.pid; error_log %(d)s/error.log;
events { worker_connections 256; }
http { access_log off; default_type application/json; client_body_temp_path %(d)s;
    proxy_temp_path %(d)s; fastcgi_temp_path %(d)s; uwsgi_temp_path %(d)s; scgi_temp_path %(d)s;
    server { listen 127.0.0.1:%(p)d; root %(d)s; } }""" % {"d": root, "p": port})
    return Server(port, [binary, "-c", config, "-p", root]).wait("/" + next(iter(files)))


def evhttp(size):
    """libevent's evhttp, one handler, one fixed answer."""
    port = harness.free_port()
    binary = os.path.join(ROOT, harness.BUILD, "bench/bench_evhttp")
    return Server(port, [binary, str(port), str(size)], stdin=subprocess.PIPE).wait("/")


def has_modules(*names):
    """Does Debian's Python have them? Another python3 may stand before it in PATH."""
    code = "import " + ", ".join(names)
    return subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True,
                          check=False).returncode == 0


def fastapi(data_dir, *options):
    """fastapi_app.py on a copy of app.db. None: not installed."""
    if not has_modules("fastapi", "uvicorn"):
        return None
    port = harness.free_port()
    command = ["/usr/bin/python3", "-m", "uvicorn", "fastapi_app:app", "--app-dir",
               os.path.join(ROOT, "tests/bench"), "--port", str(port), "--no-access-log",
               "--log-level", "warning", *options]
    env = {"PATH": os.environ["PATH"], "DATA_DIR": data_dir, "API_TOKEN": harness.TOKEN,
           "PYTHONDONTWRITEBYTECODE": "1"}
    return Server(port, command, env=env).wait("/api/v1/status", harness.TOKEN)
