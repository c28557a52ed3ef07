"""Model files: taken in, refused with a reason, given out, asked, switched while trading."""
import hashlib
import http.client
import json
import os
import random
import signal
import socket
import unittest

import attacker
import harness
from forms import TYPE, form, retrained

MODELS = "/api/v1/models"
UPLOAD = MODELS + "/upload"
CASES = os.path.join(harness.SHARED_DATA, "../cases/models")
LEAVES = os.path.join(harness.SHARED_DATA, "models/leaves")


class Models(harness.TestCase):

    def started(self, **env):
        bot = self.bot(**env)
        bot.start()
        self.wait(lambda: bot.value("SELECT count(*) FROM models") == 1, "the sample model is there", 60)
        row = bot.rows("SELECT * FROM models")[0]
        with open(os.path.join(bot.data_dir, row["path"]), "rb") as f:
            self.sample = f.read()
        return bot

    def upload(self, bot, model, headers=None, **texts):
        texts = {"name": "mine", "symbol": "BTCUSDT", **texts}
        return bot.request("POST", UPLOAD, form(model, **texts), {"Content-Type": TYPE, **(headers or {})})

    def nothing_is_left(self, bot, models=1):
        folder = os.path.join(bot.data_dir, "models")
        self.wait(lambda: not [n for n in os.listdir(folder) if n.startswith(".upload")],
                  "temporary files are gone")
        self.assertEqual(len(os.listdir(folder)), models)
        self.assertEqual(bot.value("SELECT count(*) FROM models"), models)

    def test_upload_assign_predict_download(self):
        bot = self.started()
        self.wait(lambda: bot.bot_status() == "RUNNING", "bot 1 runs", 60)
        mine = retrained(self.sample)
        sha = hashlib.sha256(mine).hexdigest()
        made = self.upload(bot, mine, description="halved")
        self.assertEqual(made.status, 201, made)
        self.assertEqual((made.json["sha256"], made.json["size_bytes"], made.json["origin"],
                          made.json["format"], made.json["features"], made.json["description"]),
                         (sha, len(mine), "upload", "xgboost-json", "features-1", "halved"), made)
        self.assertEqual(made.headers["Location"], "%s/%d" % (MODELS, made.json["id"]))
        self.assertEqual(len(made.json["feature_names"]), 53)
        with open(os.path.join(bot.data_dir, "models", sha), "rb") as f:
            self.assertEqual(f.read(), mine)
        again = self.upload(bot, mine, name="other")
        self.assertEqual((again.status, again.json["id"], again.json["name"]),
                         (200, made.json["id"], "mine"), again)
        self.nothing_is_left(bot, 2)
        self.repaired(bot, os.path.join(bot.data_dir, "models", sha), mine)
        self.assigned(bot, made.json["id"])
        self.given_out(bot, made.json["id"], mine, sha)
        self.asked(bot, made.json["id"], made.json["feature_names"])

    def repaired(self, bot, path, content):
        """"Upload it again" is what the worker says of a damaged file: it must help."""
        for damage in (content[:100], content.replace(b"0", b"1"), None):
            os.unlink(path)
            if damage is not None:
                with open(path, "wb") as f:
                    f.write(damage)
            self.assertEqual(self.upload(bot, content).status, 200)
            with open(path, "rb") as f:
                self.assertEqual(f.read(), content)
        self.nothing_is_left(bot, 2)

    def assigned(self, bot, model):
        answer = bot.put(MODELS + "/assign/1", {"model_id": model})
        self.assertEqual(answer.status, 200, answer)
        self.wait(lambda: bot.value("SELECT applied_model_id FROM bot_state WHERE bot_id = 1") == model,
                  "the worker uses it")
        self.assertEqual(bot.bot_status(), "RUNNING")
        refused = bot.request("DELETE", "%s/%d" % (MODELS, model))
        self.assertEqual(refused.status, 409, refused)

    def given_out(self, bot, model, content, sha):
        connection = bot.connection()
        connection.request("GET", "%s/%d/download" % (MODELS, model),
                           headers={"Authorization": "Bearer " + harness.TOKEN})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["ETag"], '"%s"' % sha)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertEqual(answer.read(), content)
        connection.request("HEAD", "%s/%d/download" % (MODELS, model),
                           headers={"Authorization": "Bearer " + harness.TOKEN})
        answer = connection.getresponse()
        self.assertEqual((answer.headers["Content-Length"], answer.read()), (str(len(content)), b""))
        connection.close()
        self.assertEqual(bot.get(MODELS + "/99/download").status, 404)

    def asked(self, bot, model, names):
        path = "%s/%d/predict" % (MODELS, model)
        row = [i / 10 for i in range(53)]
        by_row = bot.post(path, {"rows": [row, [None] * 53]})
        self.assertEqual(by_row.status, 200, by_row)
        self.assertEqual(len(by_row.json["predictions"]), 2)
        self.assertTrue(all(0 < p < 1 for p in by_row.json["predictions"]), by_row)
        by_name = bot.post(path, {"features": dict(zip(names, row))})
        self.assertEqual(by_name.json["predictions"], by_row.json["predictions"][:1])
        for body, word in (({"rows": [row[1:]]}, "53 numbers"), ({"rows": []}, "1 to 100"),
                           ({"rows": [row] * 101}, "1 to 100"), ({"rows": [["x"]]}, "numbers"),
                           ({"features": {"no_such": 1}}, "no feature"), ({}, "either"),
                           ({"rows": [row], "features": {}}, "either")):
            answer = bot.post(path, body)
            self.assertEqual(answer.status, 422, answer)
            self.assertIn(word, answer.body)
        self.assertEqual(bot.post(MODELS + "/99/predict", {"rows": [row]}).status, 404)

    def test_what_is_no_model_is_refused(self):
        bot = self.started(MODEL_MAX_BYTES=2_000_000)
        broken = self.sample[:len(self.sample) // 2]
        for model, status, word in (
                (b"hello", 422, "the file is no model"), (broken, 422, ""), (b"PK\x03\x04" * 9, 422, "ZIP"),
                (random.Random(1).randbytes(1_900_000), 422, ""), (b"", 422, "empty"),
                (b"x" * 2_000_001, 413, "MODEL_MAX_BYTES"), (b"x" * 9_000_000, 413, "MODEL_MAX_BYTES")):
            answer = self.upload(bot, model)
            self.assertEqual(answer.status, status, answer)
            self.assertIn(word, answer.json["error"]["message"])
            self.assertNotIn(bot.data_dir, answer.body)
        self.nothing_is_left(bot)

    def test_forms_that_are_wrong(self):
        bot = self.started()
        for texts, field in (({"symbol": "btc usdt"}, "symbol"), ({"name": ""}, "name"),
                             ({"description": "x" * 1001}, "description"), ({"nonsense": "1"}, "nonsense")):
            answer = self.upload(bot, self.sample, **texts)
            self.assertEqual(answer.status, 422, answer)
            self.assertEqual(answer.json["error"]["fields"][0]["field"], field)
        answer = self.upload(bot, retrained(self.sample), features="features-9")
        self.assertEqual(answer.status, 422, answer)
        self.assertIn("features-9", answer.json["error"]["message"])
        answer = self.upload(bot, None)
        self.assertEqual(answer.json["error"]["fields"][0]["field"], "model", answer)
        for body, kind, status in ((form(self.sample, name="a", symbol="A")[:-8], TYPE, 422),
                                   (b"nonsense", TYPE, 422), (b"", TYPE, 422), (b"{}", "application/json", 415),
                                   (b"x" * 100, "multipart/form-data", 415)):
            answer = bot.request("POST", UPLOAD, body, {"Content-Type": kind})
            self.assertEqual(answer.status, status, answer)
        for token, headers, status in ((None, {}, 401), (harness.TOKEN, {"Origin": "http://evil"}, 403),
                                       (harness.TOKEN, {"Host": "evil.example"}, 403)):
            answer = bot.request("POST", UPLOAD, form(b"x" * 3_000_000, name="a", symbol="A"),
                                 {"Content-Type": TYPE, **headers}, token=token)
            self.assertEqual(answer.status, status, answer)
        self.nothing_is_left(bot)

    @unittest.skipUnless(os.path.isdir(LEAVES), "no shared data")
    def test_models_of_others(self):
        bot = self.started()
        for name, word in (("xgagaricus.model", "127 features"), ("xgdermatology.model", "33 features"),
                           ("xg_dart_agaricus.model", "127 features"),
                           ("lg_breast_cancer.txt", "30 features"),
                           ("lgmulticlass.model", "multiclass num_class:5"), ("README.md", "no model")):
            with open(os.path.join(LEAVES, name), "rb") as f:
                answer = self.upload(bot, f.read())
            self.assertEqual(answer.status, 422, answer)
            self.assertEqual(answer.json["error"]["code"], "model_refused")
            self.assertIn(word, answer.json["error"]["message"])
        self.nothing_is_left(bot)

    # what a file is

    def edited(self, **changes):
        """The sample with other members of "learner"; "." in a name is a level down."""
        model = json.loads(self.sample)
        for name, value in changes.items():
            *path, last = name.split("__")
            at = model["learner"]
            for step in path:
                at = at[step]
            at[last] = value
        return model

    def test_what_a_file_is_is_kept_and_shown(self):
        bot = self.started()
        sample = bot.get(MODELS + "/1").json
        self.assertEqual((sample["objective"], sample["trees"], sample["trees_used"]),
                         ("binary:logistic", 40, 40), sample)
        self.assertRegex(sample["writer"], r"^XGBoost 1\.\d+\.\d+$")
        self.asked_again(bot, sample)
        # as XGBoost 3.1 writes it, early-stopped, saved by scikit-learn's wrapper
        score = json.loads(self.sample)["learner"]["learner_model_param"]["base_score"]
        newer = self.edited(learner_model_param__base_score="[%s]" % score,
                            attributes={"best_iteration": "9", "scikit_learn": "{\"a\": 1}"})
        newer["version"] = [3, 1, 0]
        newer["learner"]["gradient_booster"]["model"]["cats"] = {
            "enc": [], "feature_segments": [], "sorted_idx": []}
        made = self.upload(bot, json.dumps(newer).encode())
        self.assertEqual(made.status, 201, made)
        shown = bot.get("%s/%d" % (MODELS, made.json["id"])).json
        self.assertEqual((shown["objective"], shown["writer"], shown["trees"], shown["trees_used"],
                          shown["warning"]), ("binary:logistic", "XGBoost 3.1.0", 40, 10, ""), shown)
        self.assertEqual({k: made.json[k] for k in shown}, shown)
        self.assertNotEqual(shown["trial"], sample["trial"])
        self.asked_again(bot, shown)
        self.assertEqual(bot.get(MODELS).json["models"], [shown, sample])
        bot.put(MODELS + "/assign/1", {"model_id": shown["id"]})
        self.wait(lambda: bot.value("SELECT applied_model_id FROM bot_state WHERE bot_id = 1") == shown["id"],
                  "the worker uses it")
        # a row of 0.1.0 says nothing of its file until the file comes again
        bot.write("UPDATE models SET objective = '', writer = '', trees = 0, trees_used = 0, trial = '{}'")
        self.assertEqual(bot.get("%s/%d" % (MODELS, shown["id"])).json["trial"], {})
        again = self.upload(bot, json.dumps(newer).encode())
        self.assertEqual((again.status, again.json["id"]), (200, shown["id"]), again)
        self.assertEqual(bot.get("%s/%d" % (MODELS, shown["id"])).json, {**shown, "assigned_to": [1]})

    def asked_again(self, bot, model):
        answer = bot.post("%s/%d/predict" % (MODELS, model["id"]),
                          {"rows": [[0] * 53, [None] * 53, list(range(53))]})
        self.assertEqual(answer.json["predictions"], [model["trial"][n] for n in ("zeros", "missing", "counting")])

    def test_files_that_give_no_probability_are_refused_by_name(self):
        bot = self.started()
        cats = self.edited()
        cats["learner"]["gradient_booster"]["model"]["cats"] = {"enc": [{"values": [1]}]}
        nan = self.edited()
        tree = nan["learner"]["gradient_booster"]["model"]["trees"][0]
        tree["split_conditions"][tree["left_children"].index(-1)] = float("nan")
        category = self.edited()
        tree = category["learner"]["gradient_booster"]["model"]["trees"][0]
        tree["split_type"][0], tree["split_conditions"][0] = 1, float("nan")
        empty = self.edited(gradient_booster__model__trees=[], gradient_booster__model__tree_info=[],
                            gradient_booster__model__gbtree_model_param={
                                "num_trees": "0", "num_parallel_tree": "1", "size_leaf_vector": "0"})
        for model, word in (
                (self.edited(objective__name="reg:squarederror"),
                 "its objective is reg:squarederror, which gives no probability"),
                (self.edited(objective__name="binary:logitraw"), "binary:logitraw, which gives no probability"),
                (self.edited(objective__name="binary:hinge"), "binary:hinge, which gives no probability"),
                (cats, "recodes categories"), (nan, "is nan"), (category, "tree 0 has categorical splits"),
                (self.edited(learner_model_param__base_score="[5E-1,5E-1]"), "several targets"),
                (empty, "the model has no trees")):
            answer = self.upload(bot, json.dumps(model).encode())
            self.assertEqual((answer.status, answer.json["error"]["code"]), (422, "model_refused"), answer)
            self.assertIn(word, answer.json["error"]["message"])
        self.nothing_is_left(bot)

    @unittest.skipUnless(os.path.isdir(CASES), "no shared data")
    def test_inputs_that_once_failed(self):
        bot = self.started()
        for name, status, word in (("xgboost-3.1-base-score.json", 201, "XGBoost 3.1.0"),
                                   ("xgboost-2.1-binary.model", 201, "XGBoost 2.1"),
                                   ("nan-leaf.model", 422, "is nan"),
                                   ("answers-below-zero.json", 422, "reg:squarederror")):
            with open(os.path.join(CASES, name), "rb") as f:
                answer = self.upload(bot, f.read())
            self.assertEqual(answer.status, status, answer)
            self.assertIn(word, answer.body)
        trials = [m["trial"] for m in bot.get(MODELS).json["models"][:2]]
        self.assertEqual(trials[0], trials[1])		# one model in two formats

    # what is on the wire

    def head(self, length, extra=""):
        return ("POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                "Content-Type: %s\r\nConnection: keep-alive\r\nContent-Length: %d\r\n%s\r\n"
                % (UPLOAD, harness.TOKEN, TYPE, length, extra)).encode()

    def read_answer(self, s):
        text = b""
        while b"\r\n\r\n" not in text:
            piece = s.recv(1)
            self.assertTrue(piece, text)
            text += piece
        length = [int(line.split(b":")[1]) for line in text.split(b"\r\n")
                  if line.lower().startswith(b"content-length")]
        body = b""
        while length and len(body) < length[0]:
            body += s.recv(length[0] - len(body))	# no byte of the next answer
        return int(text.split()[1]), body

    def test_bytes_in_pieces_and_the_connection_lives_on(self):
        bot = self.started()
        body = form(self.sample, name="a", symbol="BTCUSDT")
        with attacker.connect(bot) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in self.head(len(body)):
                s.sendall(bytes([byte]))
            for i in range(0, len(body), 999):
                s.sendall(body[i:i + 999])
            self.assertEqual(self.read_answer(s)[0], 200)
            s.sendall(self.head(len(body), "Expect: 100-continue\r\n"))
            self.assertEqual(self.read_answer(s)[0], 100)
            s.sendall(body + b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(self.read_answer(s)[0], 200)
            self.assertIn(b"healthy", self.read_answer(s)[1])
            # a form in chunks is small and buffered
            s.sendall(self.head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
                      + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            self.assertEqual(self.read_answer(s)[0], 200)
            s.sendall(self.head(1 << 40, "Expect: 100-continue\r\n"))
            self.assertEqual(self.read_answer(s)[0], 413)
        self.nothing_is_left(bot)

    def test_who_stops_sending_is_cut(self):
        bot = self.started(API_TIMEOUT_S=1)
        for begin in (self.head(500_000)[:20], self.head(500_000), self.head(500_000) + b"--" * 9):
            with attacker.connect(bot) as s:
                s.sendall(begin)
                self.assertEqual(attacker.read_all(s), b"")
            self.nothing_is_left(bot)

    def test_over_tls(self):
        folder = self.folder()
        cert, key = attacker.certificate(folder)
        bot = self.started(API_TLS_CERT=cert, API_TLS_KEY=key)
        mine = retrained(self.sample)
        made = self.upload(bot, mine)
        self.assertEqual(made.status, 201, made)
        self.assertEqual(self.upload(bot, b"x" * 3_000_000).status, 422)
        self.given_out(bot, made.json["id"], mine, hashlib.sha256(mine).hexdigest())

    def large(self, bot, number, size):
        """A registered file of random bytes; its path and content."""
        os.makedirs(os.path.join(bot.data_dir, "models"), exist_ok=True)
        path = os.path.join(bot.data_dir, "models", "large%d" % number)
        content = random.Random(number).randbytes(size)
        with open(path, "wb") as f:
            f.write(content)
        bot.write("INSERT INTO models(id, name, symbol, format, sha256, size_bytes, path, features, origin,"
                  " created_us, updated_us) VALUES (?, 'm', 'B', 'f', ?, ?, ?, 'features-1', 'upload', 1, 1)",
                  number, hashlib.sha256(content).hexdigest(), size, "models/large%d" % number)
        return path, content

    def test_large_files_and_files_that_shrink(self):
        plain, tls = self.bot(), self.bot()
        tls.env["API_TLS_CERT"], tls.env["API_TLS_KEY"] = attacker.certificate(self.folder())
        for bot in (plain, tls):
            bot.start_api()
            sizes = (1, 65535, 65536, 65537, 131072, 12_345_678)
            connection = bot.connection()
            for number, size in enumerate(sizes, 1):
                _, content = self.large(bot, number, size)
                connection.request("GET", "%s/%d/download" % (MODELS, number),
                                   headers={"Authorization": "Bearer " + harness.TOKEN})
                answer = connection.getresponse()
                self.assertEqual(answer.status, 200)
                self.assertTrue(answer.read() == content, size)
            connection.close()
            # it becomes shorter while it is sent: the client sees that, and nobody else
            path, content = self.large(bot, 99, 30_000_000)
            connection = bot.connection()
            connection.request("GET", MODELS + "/99/download",
                               headers={"Authorization": "Bearer " + harness.TOKEN})
            answer = connection.getresponse()
            os.truncate(path, 1000)
            with self.assertRaises((http.client.IncompleteRead, OSError)):
                answer.read()
            connection.close()
            # and a client that goes away in the middle
            self.large(bot, 100, 30_000_000)
            connection = bot.connection()
            connection.request("GET", MODELS + "/100/download",
                               headers={"Authorization": "Bearer " + harness.TOKEN})
            self.assertEqual(len(connection.getresponse().read(1000)), 1000)
            connection.close()
            self.assertEqual(bot.get("/api/v1/status").status, 200)
            files = "/proc/%d/fd" % bot.api.pid
            self.wait(lambda f=files: not [n for n in os.listdir(f) if "large" in target(f, n)],
                      "no file stays open")
            self.assertEqual(bot.api.stop(), 0)

    def test_a_cut_connection_leaves_nothing(self):
        bot = self.started()
        folder = os.path.join(bot.data_dir, "models")
        body = form(b"x" * 500_000, name="a", symbol="BTCUSDT")
        with attacker.connect(bot) as s:
            s.sendall(self.head(len(body)) + body[:300_000])
            self.wait(lambda: len(os.listdir(folder)) == 2, "the file grows")
        self.nothing_is_left(bot)
        with attacker.connect(bot) as s:
            s.sendall(self.head(len(body)) + body[:300_000])
            self.wait(lambda: len(os.listdir(folder)) == 2, "the file grows")
            self.assertEqual(bot.api.stop(), 0)
        self.nothing_is_left(bot)
        with open(os.path.join(folder, ".upload-0123"), "wb") as f:
            f.write(b"left by a killed process")
        bot.start_api()
        self.nothing_is_left(bot)
        self.assertTrue(bot.api.alive())

    @unittest.skipUnless(os.path.exists(harness.program("trading-bot-api", "build/san")),
                         "make FLAVOR=san programs")
    def test_the_end_while_a_model_is_looked_at(self):
        """The helper is done, and somebody listens, in the very turn in which the API ends."""
        bot = self.started()
        self.assertEqual(bot.api.stop(), 0)
        bot.build = "build/san"
        model = self.sample
        for _ in range(4):
            model = retrained(model)
            body = form(model, name="a", symbol="BTCUSDT")
            bot.start_api()
            with attacker.connect(bot) as stream, attacker.connect(bot) as s:
                stream.sendall(attacker.head(bot, "GET", "/api/v1/events?topics=status"))
                self.assertIn(b"200 OK", stream.recv(65536))
                s.sendall(self.head(len(body)) + body)
                helper = self.wait(lambda: children(bot.api.pid), "the helper runs")[0]
                bot.api.signal(signal.SIGSTOP)
                self.wait(lambda h=helper: not alive(h), "the helper is done")
                bot.api.signal(signal.SIGTERM)
                bot.api.signal(signal.SIGCONT)
                status, _ = self.read_answer(s)
                self.assertIn(status, (201, 503))
                self.assertEqual(bot.api.wait(), 0)


def target(folder, name):
    try:
        return os.readlink(os.path.join(folder, name))
    except OSError:
        return ""


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as f:
        return [int(n) for n in f.read().split()]


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


if __name__ == "__main__":
    harness.main()
