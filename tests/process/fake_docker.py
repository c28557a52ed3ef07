#!/usr/bin/env python3
"""A Docker engine for tests of deploy.sh: images and containers are lines in a file.

FAKE_DOCKER names a folder: state.json {"images": {name: id}, "containers": {name: image id}},
calls.log (a line per call), and plan.json {"build": {name: id}, "ill": [image ids whose containers
don't get well], "refuses": [image ids whose "backup try" fails], "info": what an engine that does not
let us in says}.
"""
import json
import os
import sys

FOLDER = os.environ["FAKE_DOCKER"]
NAMES = {"trading-bot-api": "trading-bot-api:latest", "trading-bot-worker": "trading-bot-worker:latest"}


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return json.load(f)


def save(state):
    with open(os.path.join(FOLDER, "state.json"), "w", encoding="utf-8") as f:
        json.dump(state, f)


def compose(state, plan, args):
    if "build" in args:
        state["images"].update(plan["build"])
    elif "up" in args:
        with open(os.path.join(FOLDER, "calls.log"), "a", encoding="utf-8") as f:
            f.write("secrets %s\n" % os.environ["TRADING_BOT_SECRETS"])
        for name, image in NAMES.items():
            state["containers"][name] = state["images"][image]
    save(state)
    return 0


def inspect_container(state, plan, name, form):
    if name not in state["containers"]:
        return 1
    ill = state["containers"][name] in plan["ill"]
    answers = {"{{.State.Running}}": "true", "{{.Config.User}}": "10001", "{{.RestartCount}}": "3" if ill else "0",
               "{{.State.Status}}": "running", "{{.Image}}": state["containers"][name]}
    if "trading-bot.variant" in form:
        print("simulation")
    elif ".Mounts" in form:
        print("trading-bot-data")
    elif ".Config.Env" in form:
        print("API_PUBLIC_URL=http://localhost:1337")
    else:
        print(answers.get(form, ""))
    return 0


def execute(state, plan, name, words):
    if name.startswith("trading-bot-test-"):
        return 0			# the images on a volume of their own are well
    if "--healthcheck" in words or "healthcheck" in words:
        return int(state["containers"].get(name) in plan["ill"] or name not in state["containers"])
    if words[-1] == "backup":
        print("backup of /data/app.db: /data/backups/trading-bot-1.tar.gz, 123 bytes, 1 model files")
        print("Not in it: the master key")
    return 0


def main(args):
    state, plan = load("state.json"), load("plan.json")
    with open(os.path.join(FOLDER, "calls.log"), "a", encoding="utf-8") as f:
        f.write(" ".join(args).replace("\n", " ") + "\n")
    if args[0] == "info" and plan.get("info"):
        print(plan["info"], file=sys.stderr)
        return 1
    if args[0] == "ps" and "label=com.docker.compose.project=trading-bot" in args:
        print("\n".join(state["containers"]))
    if args[0] == "rm":
        for name in args[1:]:
            state["containers"].pop(name, None)
        save(state)
    if args[0] == "compose":
        return compose(state, plan, args)
    if args[:2] == ["container", "inspect"]:
        form = args[args.index("-f") + 1] if "-f" in args else ""
        return inspect_container(state, plan, [a for a in args[2:] if a not in ("-f", form)][0], form)
    if args[:2] == ["image", "inspect"]:
        image = args[-1]
        if image not in state["images"]:
            return 1
        print("x y z" if any("labels" in a.lower() for a in args) else state["images"][image])
    elif args[0] == "tag":
        state["images"][args[2]] = args[1]
        save(state)
    elif args[0] == "exec":
        return execute(state, plan, args[1], args[2:])
    elif args[0] == "run" and any("backup try" in a for a in args):
        image = [i for n, i in state["images"].items() if n in args][0]
        if image in plan["refuses"]:
            print("trading-bot: version 2 can't use it: migration 7: disk I/O", file=sys.stderr)
            return 1
        print("  version 2 can use it: schema version 6 -> 7")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
