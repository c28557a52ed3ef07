"""Workflows, Kubernetes manifests and compose files: right by their schemas, and as we want them."""
import glob
import json
import os
import re
import subprocess

import harness

NODE = os.path.join(harness.ROOT, "tests/node")
WORKFLOWS = sorted(glob.glob(os.path.join(harness.ROOT, ".github/workflows/*.yml")))
MANIFESTS = sorted(glob.glob(os.path.join(harness.ROOT, "docker/kubernetes/*.yaml")))


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def check(*args):
    return subprocess.run(["node", "delivery.mjs"] + list(args), cwd=NODE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


def load(*paths):
    done = check("json", *paths)
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout)


class Case(harness.TestCase):

    def broken(self, kind, path, old, new):
        """The validator's words about a copy with one thing changed."""
        text = read(path)
        self.assertIn(old, text)
        copy = os.path.join(self.folder(), os.path.basename(path))
        with open(copy, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new, 1))
        done = check(kind, copy)
        self.assertEqual(done.returncode, 1, "%s -> %s: %s" % (old, new, done.stdout))
        return done.stdout


class Workflows(Case):

    def test_schema(self):
        done = check("workflow", *WORKFLOWS)
        self.assertEqual(done.returncode, 0, done.stdout)
        for old, new in (("runs-on:", "runson:"), ("    steps:", "    stepz:"),
                         ("needs: [lint, test]", "needs: [lint, tests]"), ("on:\n", "on:\n  pusch:\n")):
            self.broken("workflow", WORKFLOWS[0], old, new)

    def test_the_stages_of_the_document(self):
        jobs = load(WORKFLOWS[0])[0]["jobs"]
        self.assertLessEqual({"lint", "static-analysis", "test", "coverage", "security", "build",
                              "deploy-staging", "deploy-production"}, set(jobs))
        self.assertIn("static-analysis", jobs["build"]["needs"])
        self.assertIn("build", jobs["deploy-staging"]["needs"])
        self.assertEqual(jobs["deploy-production"]["needs"], "deploy-staging")
        self.assertEqual(jobs["deploy-production"]["environment"]["name"], "production")
        self.assertIn("refs/heads/main", jobs["deploy-staging"]["if"])
        platforms = [s["with"]["platforms"] for s in jobs["build"]["steps"]
                     if "platforms" in s.get("with", {})]
        self.assertEqual(platforms, ["linux/amd64,linux/arm64"])

    def test_actions_are_pinned_and_rights_are_small(self):
        for path in WORKFLOWS:
            for line in re.findall(r"(?m)^.*\buses: .*$", read(path)):
                self.assertRegex(line, r"uses: [\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", path)
            flow = load(path)[0]
            self.assertEqual(flow["permissions"], {"contents": "read"}, path)
            for name, job in flow["jobs"].items():
                self.assertIn("timeout-minutes", job, name)
                for step in job["steps"]:
                    if "checkout" in step.get("uses", ""):
                        self.assertIs(step["with"]["persist-credentials"], False, name)
                    # what strangers may write must not become shell text
                    for given in re.findall(r"\$\{\{(.*?)\}\}", step.get("run", "")):
                        self.assertRegex(given, r"^ matrix\.\w+ $", name)

    def test_what_they_run_is_there(self):
        targets = set(re.findall(r"(?m)^([a-z-]+):", read(os.path.join(harness.ROOT, "Makefile"))))
        for path in WORKFLOWS:
            for job in load(path)[0]["jobs"].values():
                for step in job["steps"]:
                    for target in re.findall(r"(?m)^\s*make ([a-z-]+)", step.get("run", "")):
                        self.assertIn(target, targets, path)
                    for script in re.findall(r"(?:^|\s)((?:scripts|\.ci)/[\w.-]+)", step.get("run", "")):
                        if "*" not in script and not script.endswith("/"):
                            self.assertTrue(os.access(os.path.join(harness.ROOT, script), os.X_OK), script)


class Kubernetes(Case):

    def test_schema(self):
        done = check("kubernetes", *MANIFESTS)
        self.assertEqual(done.returncode, 0, done.stdout)
        path = MANIFESTS[-1]
        self.assertIn("livenesProbe", self.broken("kubernetes", path, "livenessProbe", "livenesProbe"))
        self.assertIn("replicas", self.broken("kubernetes", path, "replicas: 1", "replicas: one"))
        self.assertIn("selector", self.broken("kubernetes", path, "  selector:\n    matchLabels",
                                              "  select:\n    matchLabels"))
        self.broken("kubernetes", path, "kind: Deployment", "kind: Deploiment")
        self.broken("kubernetes", path, "drop: [ALL]", "dropp: [ALL]")

    def kinds(self):
        return {d["kind"]: d for d in load(MANIFESTS[-1])}

    def test_one_pod_with_both(self):
        kinds = self.kinds()
        spec = kinds["Deployment"]["spec"]
        self.assertEqual((spec["replicas"], spec["strategy"]["type"]), (1, "Recreate"))
        pod = spec["template"]["spec"]
        self.assertEqual([c["name"] for c in pod["containers"]], ["api", "worker"])
        self.assertEqual(kinds["PersistentVolumeClaim"]["spec"]["accessModes"], ["ReadWriteOnce"])
        with open(os.path.join(harness.ROOT, "docker/Dockerfile"), encoding="utf-8") as f:
            user = re.search(r"(?m)^USER (\d+):(\d+)$", f.read())
        outside = pod["securityContext"]
        self.assertEqual((str(outside["runAsUser"]), str(outside["runAsGroup"])), user.groups())
        self.assertTrue(outside["runAsNonRoot"])
        self.assertEqual(outside["seccompProfile"]["type"], "RuntimeDefault")
        self.assertIs(pod["automountServiceAccountToken"], False)
        version = read(os.path.join(harness.ROOT, "VERSION")).strip()
        volumes = {v["name"] for v in pod["volumes"]}
        for c in pod["containers"]:
            inside = c["securityContext"]
            self.assertIs(inside["allowPrivilegeEscalation"], False)
            self.assertIs(inside["readOnlyRootFilesystem"], True)
            self.assertEqual(inside["capabilities"], {"drop": ["ALL"]})
            self.assertTrue(c["image"].endswith(":" + version), c["image"])
            self.assertIn("memory", c["resources"]["limits"])
            self.assertIn("livenessProbe", c)
            mounts = {m["name"]: m for m in c["volumeMounts"]}
            self.assertEqual(set(mounts), volumes)
            self.assertIs(mounts["secrets"]["readOnly"], True)
        self.assertEqual(pod["containers"][1]["livenessProbe"]["exec"]["command"],
                         ["trading-bot", "healthcheck"])
        labels = spec["template"]["metadata"]["labels"]
        self.assertEqual(spec["selector"]["matchLabels"], labels)
        self.assertEqual(kinds["Service"]["spec"]["selector"], labels)
        self.assertEqual(kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"], labels)

    def test_settings_are_ours_and_the_programs_take_them(self):
        kinds = self.kinds()
        process = self.bot().launch("trading-bot-worker", "--check-config")
        self.assertEqual(process.wait(), 0)
        known = dict(line.split("=", 1) for line in process.output().splitlines())
        pod = kinds["Deployment"]["spec"]["template"]["spec"]
        settings = dict(kinds["ConfigMap"]["data"])
        for c in pod["containers"]:
            settings.update({e["name"]: e["value"] for e in c["env"]})
        self.assertEqual(set(settings) - set(known), set())
        process = self.bot(**settings).launch("trading-bot-worker", "--check-config")
        self.assertEqual(process.wait(), 0, process.output())
        # no secret stands in a setting
        for name in settings:
            self.assertNotRegex(name, "TOKEN|SECRET$|API_KEY")
        secret = load(MANIFESTS[0])[0]
        self.assertEqual(secret["metadata"]["name"], next(
            v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v))
        for name, value in secret["stringData"].items():
            self.assertEqual(value, "")
            self.assertIn(name.upper(), known)


class Compose(Case):

    def test_monitoring_goes_with_the_bot(self):
        done = subprocess.run(["sh", "-c", "command -v docker-compose"], capture_output=True, check=False)
        if done.returncode:
            self.skipTest("there is no docker-compose")
        # alone: with the bot's own file beside it a deployed bot would be replaced, or in the way
        done = subprocess.run(["docker-compose", "-p", "trading-bot-monitoring", "-f",
                               "docker/docker-compose.monitoring.yml", "config"], cwd=harness.ROOT,
                              env=dict(os.environ, GRAFANA_PASSWORD="x"), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        for word in ("trading-bot-prometheus", "trading-bot-grafana"):
            self.assertIn(word, done.stdout)
        self.assertRegex(done.stdout, r"external: true\n\s+name: trading-bot-network")
        self.assertNotIn("container_name: trading-bot-worker", done.stdout)

    def test_monitoring_is_closed_and_pinned(self):
        services = load(os.path.join(harness.ROOT, "docker/docker-compose.monitoring.yml"))[0]["services"]
        for name, service in services.items():
            self.assertRegex(service["image"], r":v?\d+\.\d+\.\d+$", name)
            for port in service["ports"]:
                self.assertTrue(port.startswith("127.0.0.1:"), port)
            for volume in service["volumes"]:
                source = volume.split(":")[0]
                if source.startswith("./") and "secrets" not in source:
                    self.assertTrue(os.path.exists(os.path.join(harness.ROOT, "docker", source)), source)
                    self.assertTrue(volume.endswith(":ro"), volume)


if __name__ == "__main__":
    harness.main()
