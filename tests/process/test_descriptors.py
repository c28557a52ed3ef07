"""Too few file descriptors: settings that can't be held, and a limit that is reached while running."""
import os
import resource
import socket
import subprocess
import time

import harness


def processor_s(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Descriptors(harness.TestCase):

    def limits(self, process):
        return resource.prlimit(process.pid, resource.RLIMIT_NOFILE)

    def test_the_limit_is_raised(self):
        bot = self.bot()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        low = min(soft, 256)
        resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
        try:
            bot.start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for program in (bot.api, bot.worker):
            self.assertEqual(self.limits(program), (hard, hard), program.name)

    def test_settings_that_the_limit_can_not_hold(self):
        bot = self.bot(API_MAX_CONNECTIONS=100)
        done = subprocess.run(["bash", "-c", "ulimit -n 128; exec " + harness.program("trading-bot-api")],
                              cwd=bot.folder, env=bot.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60 * harness.SLOW, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("API_MAX_CONNECTIONS=100 needs 164 open files, and this process may have 128",
                      done.stderr)
        self.assertIn("set it to 64 or less", done.stderr)
        self.assertFalse(os.path.exists(bot.db_path))

    def test_without_a_descriptor_nothing_spins(self):
        bot = self.bot()
        bot.start_api()
        pid = bot.api.pid
        held = max(int(n) for n in os.listdir("/proc/%d/fd" % pid)) + 1
        before = self.limits(bot.api)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (held + 2, before[1]))
        clients = []
        try:
            for _ in range(12):
                clients.append(socket.create_connection(("127.0.0.1", bot.port), 30))
            self.wait(lambda: "Too many open files" in bot.api.output(), "the API says so")
            log, cpu = len(bot.api.output()), processor_s(pid)
            time.sleep(2)	# what must not happen has no condition to wait for
            self.assertLess(processor_s(pid) - cpu, 0.5)
            self.assertLess(len(bot.api.output()) - log, 5000)
        finally:
            for client in clients:
                client.close()
        self.wait(bot.answers, "connections are taken again")
        self.assertIn("a connection can't be taken: Too many open files", bot.api.output())
        for line in bot.api.output().splitlines():
            self.assertTrue(line.startswith(("{", "Dashboard")), line)


if __name__ == "__main__":
    harness.main()
