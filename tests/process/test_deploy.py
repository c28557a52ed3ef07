"""deploy.sh when an upgrade fails: nothing is replaced before the new version has been tried on the
backup, and what does not get well gives way to what ran before. The engine is fake_docker.py."""
import json
import os
import re
import shutil
import subprocess

import harness

OLD = {"trading-bot-api:latest": "old-api", "trading-bot-worker:latest": "old-worker"}
NEW = {"trading-bot-api:latest": "new-api", "trading-bot-worker:latest": "new-worker"}
RUN = {"trading-bot-api": "old-api", "trading-bot-worker": "old-worker"}


class Docker(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.place = self.folder()
        shutil.copy(os.path.join(harness.ROOT, "tests/process/fake_docker.py"), self.file("docker"))
        os.chmod(self.file("docker"), 0o755)
        with open(self.file("env"), "w", encoding="ascii") as f:
            f.write("MARKET_DATA=synthetic\n")

    def file(self, name):
        return os.path.join(self.place, name)

    def deploy(self, containers, images, ill=(), refuses=(), command="deploy", info="", root=harness.ROOT):
        for name, value in (("state", {"images": images, "containers": containers}),
                            ("plan", {"build": NEW, "ill": ill, "refuses": refuses, "info": info})):
            with open(self.file(name + ".json"), "w", encoding="ascii") as f:
                json.dump(value, f)
        env = {"PATH": self.place + ":" + os.environ["PATH"], "FAKE_DOCKER": self.place, "HOME": self.place}
        done = subprocess.run([os.path.join(root, "scripts/deploy.sh"), "--env-file", self.file("env"),
                               *command.split()], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120 * harness.SLOW, check=False)
        with open(self.file("state.json"), encoding="ascii") as f:
            self.state = json.load(f)
        with open(self.file("calls.log"), encoding="utf-8") as f:
            self.calls = f.read().splitlines()
        return done

    def place_of(self, pattern):
        found = [i for i, call in enumerate(self.calls) if re.search(pattern, call)]
        self.assertTrue(found, "\n".join(self.calls))
        return found[0]

    def test_an_upgrade(self):
        done = self.deploy(dict(RUN), dict(OLD))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.state["containers"], {"trading-bot-api": "new-api",
                                                    "trading-bot-worker": "new-worker"})
        # backup, trial, only then the new containers
        order = [self.place_of(p) for p in (r"^exec trading-bot-worker trading-bot backup$",
                                            r"backup try .*/data/backups/trading-bot-1\.tar\.gz$",
                                            r"^compose .* up ")]
        self.assertEqual(order, sorted(order))
        self.assertIn("can use it: schema version 6 -> 7", done.stdout)

    def test_a_migration_that_fails_on_the_backup(self):
        done = self.deploy(dict(RUN), dict(OLD), refuses=["new-worker"])
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn("nothing was changed", done.stdout)
        self.assertEqual(self.state, {"images": OLD, "containers": RUN})
        self.assertFalse([c for c in self.calls if " up " in c])

    def test_new_containers_that_do_not_get_well(self):
        done = self.deploy(dict(RUN), dict(OLD), ill=["new-api"])
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.state, {"images": OLD, "containers": RUN})
        self.assertIn("the one of before runs again", done.stdout)

    def test_the_way_back_when_the_old_one_fails_too(self):
        done = self.deploy(dict(RUN), dict(OLD), ill=["new-worker", "old-worker"])
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.state["images"], OLD)
        self.assertIn("cp trading-bot-worker:/data/backups/trading-bot-1.tar.gz ./before.tar.gz", done.stdout)
        self.assertIn("scripts/deploy.sh restore ./before.tar.gz --yes", done.stdout)

    def test_what_a_start_that_failed_left_behind(self):
        """docker-compose 1 renames what it replaces; when a port is taken, the old one stays so."""
        left = "3f2a1b0c9d8e_trading-bot-api"
        done = self.deploy(dict(RUN, **{left: "old-api"}), dict(OLD), command="stop")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.place_of("^stop %s trading-bot-api trading-bot-worker$" % left)
        os.unlink(self.file("calls.log"))
        done = self.deploy(dict(RUN, **{left: "old-api"}), dict(OLD), command="start")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertLess(self.place_of("^rm %s$" % left), self.place_of("^compose .* up "))
        self.assertEqual(set(self.state["containers"]), set(RUN))

    def test_restarts_are_counted_for_life(self):
        done = self.deploy(dict(RUN), dict(OLD), ill=["old-api"], command="status")
        self.assertRegex(done.stdout, "trading-bot-api: crashed and was started again 3 of 5 times in this "
                                      "container's life")
        self.assertNotIn("trading-bot-worker: crashed", done.stdout)
        os.unlink(self.file("calls.log"))
        self.deploy(dict(RUN), dict(OLD), ill=["old-api"], command="start")
        self.assertLess(self.place_of("^rm trading-bot-api$"), self.place_of("^compose .* up "))

    def test_no_right_to_use_the_engine(self):
        for said in ("permission denied while trying to connect to the Docker daemon socket",
                     "ERROR: Got Permission denied while trying to connect"):
            done = self.deploy({}, {}, command="start", info=said)
            self.assertEqual(done.returncode, 1)
            self.assertIn("you may not use the Docker engine: sudo usermod -aG docker", done.stdout)
            self.assertNotIn("does not answer", done.stdout)

    def test_a_new_secret_makes_the_containers_anew(self):
        root = self.file("root")
        os.makedirs(root)
        for part in ("docker", "scripts"):
            shutil.copytree(os.path.join(harness.ROOT, part), os.path.join(root, part))
        seen = []
        for secret in (None, None, "one", "two"):
            if secret:
                with open(os.path.join(root, "docker/secrets/webhook_url"), "w", encoding="ascii") as f:
                    f.write(secret)
            done = self.deploy(dict(RUN), dict(OLD), command="start", root=root)
            self.assertEqual(done.returncode, 0, done.stdout)
            seen.append([c for c in self.calls if c.startswith("secrets ")][-1])
        self.assertEqual(len(set(seen)), 3, seen)
        self.assertEqual(seen[0], seen[1])
        with open(os.path.join(root, "docker/docker-compose.yml"), encoding="utf-8") as f:
            self.assertEqual(f.read().count("trading-bot.secrets: ${TRADING_BOT_SECRETS:-}"), 2)

    def test_by_hand_it_is_the_same_project(self):
        """docker-compose reads the .env beside its file; deploy.sh says -p."""
        with open(os.path.join(harness.ROOT, "docker/.env"), encoding="utf-8") as f:
            name = re.search(r"(?m)^COMPOSE_PROJECT_NAME=(.*)$", f.read()).group(1)
        self.deploy(dict(RUN), dict(OLD), command="start")
        self.place_of("^compose -p %s " % name)

    def test_the_way_back_to_the_default_is_told(self):
        done = subprocess.run([os.path.join(harness.ROOT, "scripts/deploy.sh"), "help"], text=True,
                              stdout=subprocess.PIPE, check=True)
        self.assertRegex(done.stdout, r"(?m)^  --simulation +back to the default variant")

    def test_a_first_start_that_fails_has_nothing_to_go_back_to(self):
        done = self.deploy({}, {}, ill=["new-api"])
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn("not healthy", done.stdout)
        self.assertNotIn("going back", done.stdout)


class Native(harness.TestCase):
    """The functions of deploy-native.sh, on folders of the test."""

    def run_native(self, new_api="exit 0", new_cli="exit 0", well="new"):
        place = self.folder()
        for folder in ("bin", "etc/secrets", "state", "root/build", "root/scripts/systemd"):
            os.makedirs(os.path.join(place, folder))
        programs = {"trading-bot-api": new_api, "trading-bot-worker": "exit 0", "trading-bot": new_cli}
        for name, script in programs.items():
            for path, text in (("bin/", "# old"), ("root/build/", "# new\n" + script)):
                with open(os.path.join(place, path + name), "w", encoding="ascii") as f:
                    f.write("#!/bin/sh\n%s\n" % text)
                os.chmod(os.path.join(place, path + name), 0o755)
        with open(os.path.join(place, "bin/trading-bot"), "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n# old\necho 'backup of /a/app.db: /a/b.tar.gz, 12 bytes, 0 model files'\n")
        script = r"""
set -euo pipefail
self=scripts/deploy.sh copy='' yes='' variant='' tested='' env_file=$place/none
. $source/scripts/deploy-native.sh
etc=$place/etc state=$place/state bin=$place/bin root=$place/root
say() { printf '%s\n' "$*"; }
step() { say "== $*"; }
put_back() { :; }
fail() { say "deploy: $*"; exit 1; }
eval "$(sed -n '/^backup_path()/p' $source/scripts/deploy.sh)"
check_mode() { :; }
native_build() { :; }
native_test() { :; }
native_link() { :; }
as_bot() { "$@"; }
systemctl() { say "systemctl $*"; }
journalctl() { :; }
install() { if [[ $1 == -d || $* == *systemd* || $* == *settings* ]]; then :; else command install "$@"; fi; }
id() { :; }
printf '' >$place/etc/variant.env
wait_for() { grep -q "# $well" $bin/trading-bot; }
native_deploy
"""
        done = subprocess.run(["bash", "-c", script], env={"PATH": os.environ["PATH"], "place": place,
                                                          "source": harness.ROOT, "well": well},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        with open(os.path.join(place, "bin/trading-bot"), encoding="ascii") as f:
            self.installed = "new" if "# new" in f.read() else "old"
        self.left = sorted(n for n in os.listdir(os.path.join(place, "bin")) if n.startswith("."))
        return done

    def test_an_upgrade(self):
        done = self.run_native()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual((self.installed, self.left), ("new", []), done.stdout)

    def test_settings_that_the_new_version_refuses(self):
        done = self.run_native(new_api="exit 1")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("settings can't be used by the new version", done.stdout)
        self.assertEqual((self.installed, self.left), ("old", []), done.stdout)
        self.assertNotIn("systemctl restart", done.stdout)

    def test_a_migration_that_fails_on_the_backup(self):
        done = self.run_native(new_cli='[ "$1 $2 $3" != "backup try /a/b.tar.gz" ]')
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("can't use this database", done.stdout)
        self.assertEqual((self.installed, self.left), ("old", []), done.stdout)
        self.assertNotIn("systemctl restart", done.stdout)

    def test_what_does_not_get_well_gives_way(self):
        done = self.run_native(well="old")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the one of before runs again", done.stdout)
        self.assertEqual((self.installed, self.left), ("old", []), done.stdout)

    def test_the_way_back_is_printed(self):
        done = self.run_native(well="nothing")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--native restore /a/b.tar.gz --yes", done.stdout)
        self.assertEqual(self.installed, "old")


if __name__ == "__main__":
    harness.main()
