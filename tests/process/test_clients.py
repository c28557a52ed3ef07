"""Clients that generators make from the API's description compile without casts, run a whole
session, and send only what was given (tests/node/clients.mjs)."""
import os
import subprocess

import harness

NODE = os.path.join(harness.ROOT, "tests/node")


class Clients(harness.TestCase):

    def test_generated_clients_send_only_what_was_given(self):
        bot = self.bot()
        bot.start()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        folder = self.folder()
        description = os.path.join(folder, "openapi.json")
        with open(description, "w", encoding="utf-8") as f:
            f.write(bot.get("/api/v1/openapi.json", token=None).body)
        self.assertTrue(os.path.isdir(os.path.join(NODE, "node_modules")),
                        "tests/node/node_modules is missing: scripts/install-deps.sh test")
        done = subprocess.run(
            ["node", "clients.mjs", description, "http://127.0.0.1:%d" % bot.port, harness.TOKEN,
             os.path.join(folder, "clients")], cwd=NODE, check=False, timeout=150,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-20000:])
        self.assertIn("plain: ", done.stdout)
        self.assertIn("hey: ", done.stdout)


if __name__ == "__main__":
    harness.main()
