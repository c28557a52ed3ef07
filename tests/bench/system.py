#!/usr/bin/env python3
"""Figures of the running programs: start, command to effect, HTTP, memory.

    tests/bench/system.py [start] [command] [http] [memory]       (default: all)
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/process"))
import harness		# pylint: disable=wrong-import-position

FIRST_TRADE = "SELECT 1 FROM trading_orders WHERE filled > 0"


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def show(what, figure, target=""):
    print("%-58s %18s   %s" % (what, figure, target), flush=True)


def started(bot):
    bot.start()
    harness.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)


def bench_start(bot):
    begin = time.monotonic()
    bot.start()
    harness.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
    show("start to bot 1 running (sample model trained)", "%.1f s" % (time.monotonic() - begin))
    harness.wait(lambda: bot.rows(FIRST_TRADE), "the first trade", 120)
    show("start to first paper trade", "%.1f s" % (time.monotonic() - begin), "< 20 s")


def bench_command(bot):
    """POST until its answer, which comes after the new status is committed."""
    started(bot)
    connection = harness.http.client.HTTPConnection("127.0.0.1", bot.port)
    headers = {"Authorization": "Bearer " + harness.TOKEN}
    times = []
    for i in range(2000):
        begin = time.perf_counter()
        connection.request("POST", "/api/v1/bot/" + ("pause", "resume")[i % 2], headers=headers)
        answer = connection.getresponse()
        answer.read()
        times.append((time.perf_counter() - begin) * 1000)
        assert answer.status == 200, answer.status
    show("command to effect, POST to answer, p50", "%.2f ms" % statistics.median(times))
    show("command to effect, POST to answer, p99", "%.2f ms" % percentile(times, 0.99), "< 5 ms")


def wrk(url, token=None):
    command = ["wrk", "-t1", "-c32", "-d5s", url]
    if token:
        command[1:1] = ["-H", "Authorization: Bearer " + token]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(text)
    return float(re.search(r"Requests/sec:\s*([\d.]+)", text).group(1))


def nginx_rate(folder, body):
    """nginx serving the same bytes from a file."""
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    if not os.path.exists(binary):
        return None
    port = harness.free_port()
    with open(os.path.join(folder, "status.json"), "w", encoding="utf-8") as f:
        f.write(body)
    os.chmod(folder, 0o755)
    config = os.path.join(folder, "nginx.conf")
    with open(config, "w", encoding="ascii") as f:
        f.write("""daemon off; worker_processes 1; pid %(d)s/nginx.pid; error_log %(d)s/error.log;
events { worker_connections 256; }
http { access_log off; client_body_temp_path %(d)s; proxy_temp_path %(d)s;
    fastcgi_temp_path %(d)s; uwsgi_temp_path %(d)s; scgi_temp_path %(d)s;
    server { listen 127.0.0.1:%(p)d; root %(d)s; } }""" % {"d": folder, "p": port})
    server = subprocess.Popen([binary, "-c", config, "-p", folder], stderr=subprocess.DEVNULL)
    try:
        url = "http://127.0.0.1:%d/status.json" % port
        harness.wait(lambda: subprocess.run(["curl", "-sf", "-o", "/dev/null", url],
                                            check=False).returncode == 0, "nginx answers", 10)
        return wrk(url)
    finally:
        server.terminate()
        server.wait()


def evhttp_rate(size):
    port = harness.free_port()
    server = subprocess.Popen([os.path.join(ROOT, harness.BUILD, "bench/bench_evhttp"), str(port),
                               str(size)], stdin=subprocess.PIPE)
    try:
        time.sleep(0.2)
        return wrk("http://127.0.0.1:%d/" % port)
    finally:
        server.stdin.close()
        server.wait()


def bench_http(bot):
    if not shutil.which("wrk"):
        show("GET /api/v1/status", "no wrk installed")
        return
    started(bot)
    body = bot.get("/api/v1/status").body
    ours = wrk("http://127.0.0.1:%d/api/v1/status" % bot.port, harness.TOKEN)
    bare = evhttp_rate(len(body))
    show("GET /api/v1/status, %d bytes, bots trading" % len(body), "%.0f /s" % ours)
    show("bare evhttp handler, same size", "%.0f /s" % bare, "ours is %.0f %%" % (100 * ours / bare))
    nginx = nginx_rate(bot.folder, body)
    if nginx:
        show("nginx, one process, same bytes", "%.0f /s" % nginx,
             "ours is %.0f %%, target > 50 %%" % (100 * ours / nginx))


def resident(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s*(\d+)", f.read()).group(1)) / 1024


def bench_memory(bot):
    started(bot)
    for i in range(9):
        made = bot.post("/api/v1/bots", {"name": "bench %d" % i}).json
        bot.put("/api/v1/models/assign/%d" % made["id"], {"model_id": 1})
        harness.wait(lambda i=made["id"]: bot.post("/api/v1/bots/%d/start" % i).status == 200,
                     "bot %d starts" % made["id"], 30)
    harness.wait(lambda: bot.value("SELECT count(*) FROM bot_state WHERE status = 'RUNNING'") == 10,
                 "ten bots run", 60)
    wrk("http://127.0.0.1:%d/api/v1/status" % bot.port, harness.TOKEN) if shutil.which("wrk") else None
    worker, api = resident(bot.worker.pid), resident(bot.api.pid)
    show("resident memory, 10 bots: worker + API", "%.1f + %.1f MB" % (worker, api), "< 40 MB + models")
    row = bot.rows("SELECT loop_p50_us, loop_p99_us FROM worker_heartbeat")[0]
    show("worker's loop turn, 10 bots, p50 / p99", "%d / %d us" % tuple(row.values()))


def main():
    benches = {"start": bench_start, "command": bench_command, "http": bench_http,
               "memory": bench_memory}
    for name in sys.argv[1:] or benches:
        folder = tempfile.mkdtemp(prefix="tb-bench-")
        bot = harness.Bot(folder)
        try:
            benches[name](bot)
        except AssertionError as error:
            show(name, "failed", str(error))
            bot.show_logs()
        finally:
            for process in bot.processes:
                process.popen.kill()
                process.popen.wait()
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
